import HTTPTypes
import WebSocketProtocol

/// Base64 and the key of the handshake.
func fuzzBase64(_ input: inout Input) {
    let bytes = input.rest()
    check(Base64.decode(Base64.encode(bytes)) == bytes, "decoding undoes encoding")
    let text = String(decoding: bytes, as: UTF8.self)
    let key = HandshakeKey(received: text)
    guard let decoded = Base64.decode(text) else {
        check(key == nil, "a key is base64")
        return
    }
    let canonical = Base64.encode(decoded)
    check(canonical.utf8.count == text.utf8.count, "only pad bits may differ")
    check(Base64.decode(canonical) == decoded, "only pad bits may differ")
    check((key != nil) == (decoded.count == 16), "a key is 16 bytes")
    if let key { check(Base64.decode(key.acceptValue) == key.acceptDigest, "the answer is the digest in base64") }
}

/// Lines of "name: value" as header fields; what is no field name is left out.
private func headerFields(_ text: String) -> HTTPFields {
    var fields = HTTPFields()
    for line in text.utf8.split(separator: 0x0A) {
        let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let name = HTTPField.Name(String(decoding: parts[0], as: UTF8.self)) else { continue }
        // Without the space around it, as an HTTP parser hands it over; the bytes stay as they are.
        var value = parts[1]
        while let first = value.first, first == 0x20 || first == 0x09 { value = value.dropFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value = value.dropLast() }
        fields.append(HTTPField(name: name, lenientValue: value))
    }
    return fields
}

/// A request: what is accepted can be answered, and our own client agrees with the answer.
func fuzzServerHandshake(_ input: inout Input) {
    let options = input.byte()
    var request = HTTPRequest(
        method: options & 1 == 0 ? .get : .post,
        scheme: "http",
        authority: "example.com",
        path: "/"
    )
    request.headerFields = headerFields(input.text())
    let version = [HTTPProtocolVersion.http11, .http10, .http2][Int(options >> 4) % 3]
    if version == .http2 && options & 2 == 0 {
        request.method = .connect
        request.extendedConnectProtocol = options & 8 == 0 ? "websocket" : ""
    }
    let hasBody = options & 4 != 0
    switch ServerHandshake.evaluate(request, version: version, hasBody: hasBody) {
    case .notAnUpgrade: break
    case .refused(let refusal):
        let isUnknown = version == .http2 && request.extendedConnectProtocol != "websocket"
        check((400...499).contains(refusal.response.status.code) || isUnknown, "a refusal is the client's fault")
        check(refusal.closesConnection == (hasBody && request.method != .post && !isUnknown), "a body ends the connection")
        if refusal.response.status == .upgradeRequired {
            check(refusal.response.headerFields[.upgrade] == "websocket", "426 names the protocol")
        }
    case .valid(let offer):
        check(!hasBody && request.method == (version == .http2 ? .connect : .get), "GET or CONNECT, and no body")
        check((offer.key == nil) == (version == .http2), "a key over HTTP/1.1")
        check(Set(offer.subprotocols).count == offer.subprotocols.count, "distinct subprotocols")
        check(offer.subprotocols.allSatisfy(\.isToken), "subprotocols are tokens")
        if let key = offer.key {
            check(request.headerFields[values: .secWebSocketKey].count == 1, "one key")
            check(Base64.decode(key.value)?.count == 16, "a key of 16 bytes")
        }
        guard let url = try? WebSocketURL("ws://example.com"),
            let client = try? ClientHandshake(url: url, key: offer.key, subprotocols: offer.subprotocols)
        else { fatalError("no client could have sent this offer: \(offer)") }
        for subprotocol in [nil] + offer.subprotocols.map(Optional.some) {
            guard
                let accepted = try? ServerHandshake.accept(offer, subprotocol: subprotocol, headerFields: [:]),
                let agreement = try? client.validate(accepted.response)
            else { fatalError("no agreement on \(subprotocol ?? "no subprotocol")") }
            check(agreement.subprotocol == subprotocol, "both sides name the same subprotocol")
        }
    }
}

/// A response: what is accepted has every field that RFC 6455 §4.1 asks for.
func fuzzClientHandshake(_ input: inout Input) {
    let options = input.byte()
    guard let url = try? WebSocketURL("ws://example.com"),
        let key = HandshakeKey(received: "dGhlIHNhbXBsZSBub25jZQ=="),
        let handshake = try? ClientHandshake(
            url: url,
            key: key,
            subprotocols: options & 1 == 0 ? [] : ["chat", "K"],
            requiresSubprotocol: options & 2 != 0
        )
    else { fatalError("a plain handshake") }
    var response = HTTPResponse(status: options & 4 == 0 ? .switchingProtocols : .ok)
    response.headerFields = headerFields(input.text())
    guard let agreement = try? handshake.validate(response) else { return }
    let fields = response.headerFields
    check(response.status.code == 101, "101")
    check(fields[values: .upgrade].map { $0.lowercased() } == ["websocket"], "Upgrade: websocket")
    check(
        fields[values: .connection].contains { value in
            value.split(separator: ",").contains { $0.trimmingOptionalWhitespace().lowercased() == "upgrade" }
        },
        "Connection: Upgrade"
    )
    let accepts = fields[values: .secWebSocketAccept].map { Array($0.trimmingOptionalWhitespace().utf8) }
    check(accepts == [Array("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".utf8)], "the answer to our key, once")
    let chosen = fields[values: .secWebSocketProtocol].map { Array($0.utf8) }
    check(chosen == (agreement.subprotocol.map { [Array($0.utf8)] } ?? []), "the subprotocol as received, once")
    if let subprotocol = agreement.subprotocol {
        check(options & 1 != 0 && (subprotocol == "chat" || Array(subprotocol.utf8) == [0x4B]), "one of ours")
    } else {
        check(options & 3 != 3, "one of ours where one is required")
    }
    check(fields[values: .secWebSocketExtensions].allSatisfy { !$0.contains { $0.isLetter } }, "no extensions")
}
