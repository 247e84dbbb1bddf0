internal import EngineIOProtocol
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol

/// What a client has to send, in order.
enum OutgoingPacket: Sendable {
    /// They arrive with nothing in between.
    case messages([WebSocketMessage])
    case pong
    /// Everything behind it goes over this WebSocket, unless it was lost, which is told.
    case upgrade(WebSocketConnection, AsyncStream<Bool>.Continuation)
    case close

    var isEnd: Bool {
        if case .close = self { true } else { false }
    }

    /// The packets that it is made of, each to be sent by itself.
    var parts: [OutgoingPacket] {
        guard case .messages(let messages) = self else { return [self] }
        return messages.map { .messages([$0]) }
    }
}

extension WebSocketMessage {
    /// The message as a packet in a WebSocket message.
    var packet: WebSocketMessage {
        guard self.kind == .text else { return self }
        var packet = ByteBuffer()
        packet.reserveCapacity(1 + self.bytes.readableBytes)
        packet.writeInteger(PacketType.message.rawValue)
        packet.writeImmutableBuffer(self.bytes)
        return WebSocketMessage(uncheckedKind: .text, bytes: packet)
    }
}
