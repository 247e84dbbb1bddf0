import WebSocketProtocol

/// Lines of `Sec-WebSocket-Extensions`, as a client's offers and as a server's response.
func fuzzExtensions(_ input: inout Input) {
    let ours = configuration(input.byte(), windows: input.byte())
    let lines = input.text().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let elements = ExtensionElement.parse(lines)
    let apart = lines.map { ExtensionElement.parse([$0]) }
    check(
        elements == (apart.contains(nil) ? nil : apart.compactMap { $0 }.flatMap { $0 }),
        "several lines count as one list"
    )
    guard let elements else { return }
    for element in elements {
        check(element.name.isToken, "names are tokens")
        check(element.parameters.allSatisfy { $0.name.isToken && $0.value?.isToken != false }, "parameters are tokens")
    }
    check(ExtensionElement.parse([spelled(elements)]) == elements, "a list spells itself")

    if let (agreement, response) = DeflateNegotiation.answer(elements, ours) {
        checkWindows(agreement)
        check(agreement.sendWindowBits <= ours.sendWindowBits, "no larger window than configured")
        check(ours.sendContextTakeover || !agreement.sendContextTakeover, "no takeover where it is off")
        check(ours.receiveContextTakeover || !agreement.receiveContextTakeover, "no takeover where it is off")
        check(ExtensionElement.parse([response])?.count == 1, "one offer is accepted")
        check(elements.contains { $0.name == "permessage-deflate" }, "only what was offered is accepted")
    }
    if let agreement = try? DeflateNegotiation.agreement(elements, ours) {
        check(elements.count == 1, "one response")
        checkWindows(agreement)
        check(agreement.sendWindowBits <= ours.sendWindowBits, "no larger window than offered")
        check(
            ours.receiveContextTakeover || !agreement.receiveContextTakeover, "the server kept to what it was asked for"
        )
    }
    checkAgreement(client: ours, server: configuration(input.bytes.first ?? UInt8(lines.count & 0xFF), windows: 0x4B))
}

/// Our client and our server understand each other, and each can read what the other may send.
private func checkAgreement(client: CompressionConfiguration, server: CompressionConfiguration) {
    guard let offers = ExtensionElement.parse([DeflateNegotiation.offer(client)]),
        let (onServer, fieldValue) = DeflateNegotiation.answer(offers, server),
        let response = ExtensionElement.parse([fieldValue]),
        let onClient = try? DeflateNegotiation.agreement(response, client)
    else { fatalError("no agreement between \(client) and \(server)") }
    check(onClient.sendWindowBits <= onServer.receiveWindowBits, "the server's window is large enough")
    check(onServer.sendWindowBits <= onClient.receiveWindowBits, "the client's window is large enough")
    check(!onClient.sendContextTakeover || onServer.receiveContextTakeover, "the server remembers what it has to")
    check(!onServer.sendContextTakeover || onClient.receiveContextTakeover, "the client remembers what it has to")
}

private func checkWindows(_ agreement: DeflateAgreement) {
    check((8...15).contains(agreement.sendWindowBits), "a window that zlib has")
    check((8...15).contains(agreement.receiveWindowBits), "a window that zlib has")
}

private func configuration(_ flags: UInt8, windows: UInt8) -> CompressionConfiguration {
    var configuration = CompressionConfiguration()
    configuration.sendContextTakeover = flags & 1 == 0
    configuration.receiveContextTakeover = flags & 2 == 0
    configuration.sendWindowBits = 8 + Int(windows & 7)
    configuration.receiveWindowBits = 8 + Int(windows >> 4 & 7)
    return configuration
}

private func spelled(_ elements: [ExtensionElement]) -> String {
    elements.map { element in
        let parameters = element.parameters.map { parameter in
            guard let value = parameter.value else { return parameter.name }
            return parameter.name + "=" + value
        }
        return ([element.name] + parameters).joined(separator: ";")
    }.joined(separator: ",")
}
