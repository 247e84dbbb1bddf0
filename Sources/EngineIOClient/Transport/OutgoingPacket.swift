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

    /// In bytes of a polling payload; nil for what is no part of one.
    var payloadByteCount: Int? {
        switch self {
        case .messages(let messages): messages.reduce(-1) { $0 + 1 + $1.payloadByteCount }
        case .pong: 1
        case .upgrade, .close: nil
        }
    }
}

extension WebSocketMessage {
    fileprivate var payloadByteCount: Int {
        1 + (self.kind == .text ? self.bytes.readableBytes : Base64.encodedByteCount(self.bytes.readableBytes))
    }

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

/// A polling payload in the making.
extension ByteBuffer {
    mutating func append(_ packet: OutgoingPacket) {
        switch packet {
        case .messages(let messages): for message in messages { self.append(message) }
        case .pong: self.append(type: .pong)
        case .close: self.append(type: .close)
        case .upgrade: break
        }
    }

    private mutating func append(type: PacketType) {
        self.separate()
        self.writeInteger(type.rawValue)
    }

    private mutating func append(_ message: WebSocketMessage) {
        self.separate()
        if message.kind == .text {
            self.writeInteger(PacketType.message.rawValue)
            self.writeImmutableBuffer(message.bytes)
        } else {
            self.writeInteger(PayloadDecoder.binaryMark)
            let count = Base64.encodedByteCount(message.bytes.readableBytes)
            self.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
                message.bytes.withUnsafeReadableBytes { Base64.encode($0, into: target) }
            }
        }
    }

    private mutating func separate() {
        if self.readableBytes > 0 { self.writeInteger(PayloadDecoder.separator) }
    }
}
