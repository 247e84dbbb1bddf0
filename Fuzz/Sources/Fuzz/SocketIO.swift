import SocketIOProtocol

/// A packet and its attachments, separated by 0x1E: what was taken is written and read again as the same.
func fuzzSocketIOPacket(_ input: inout Input) {
    let messages = input.rest().split(separator: 0x1E, omittingEmptySubsequences: false).map(Array.init)
    do {
        guard let packet = try assemble(messages) else { return }
        check(
            packet.namespace.utf8.first == UInt8(ascii: "/") && packet.namespace.utf8.count <= 256,
            "a namespace is a path")
        if case .event(let name, _, _) = packet.content {
            check(!ReservedEvent.names.contains(name), "no reserved event gets through")
        }
        let encoded = packet.encoded
        check(!encoded.text.contains(0x1E), "what separates packets is escaped")
        check(encoded.attachments.count <= 10, "each attachment has one place at most")
        do {
            let again = try assemble([encoded.text] + encoded.attachments)
            check(again?.encoded == encoded, "what was written is read as the same")
        } catch {
            check(false, "what was written is no packet: \(error)")
        }
    } catch {
        check(error is SocketIOViolation, "what is wrong has a rule")
    }
}

/// The packet of a text and the attachments behind it; nil if some are missing.
private func assemble(_ messages: [[UInt8]]) throws -> SocketIOPacket? {
    var assembler = PacketAssembler(limits: SocketIOLimits())
    var packet: SocketIOPacket?
    for (index, message) in messages.enumerated() where packet == nil {
        if index == 0 {
            packet = try message.withUnsafeBytes { try assembler.receivedText($0) }
        } else {
            packet = try assembler.receivedBinary(message)
        }
    }
    return packet
}
