internal import EngineIOProtocol
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol

extension EngineIOMessage {
    /// The message as one of WebSocket: text with the digit of its type before it, bytes as they are.
    var webSocketMessage: WebSocketMessage {
        switch self {
        case .text(let text):
            var packet = ByteBuffer()
            packet.reserveCapacity(1 + text.readableBytes)
            packet.writeInteger(PacketType.message.rawValue)
            packet.writeImmutableBuffer(text)
            return WebSocketMessage(uncheckedKind: .text, bytes: packet)
        case .binary(let bytes):
            return WebSocketMessage(bytes)
        }
    }

    /// How many bytes it takes in a polling payload, without separators.
    var payloadByteCount: Int {
        switch self {
        case .text(let text): 1 + text.readableBytes
        case .binary(let bytes): 1 + Base64.encodedByteCount(bytes.readableBytes)
        }
    }
}

extension PacketType {
    /// The packet as a WebSocket message of its own.
    func webSocketMessage(_ data: StaticString = "") -> WebSocketMessage {
        var packet = ByteBuffer()
        packet.writeInteger(self.rawValue)
        packet.writeStaticString(data)
        return WebSocketMessage(uncheckedKind: .text, bytes: packet)
    }
}

/// A polling payload in the making: packets with a separator between each two.
extension ByteBuffer {
    mutating func append(_ message: EngineIOMessage) {
        self.separatePackets()
        switch message {
        case .text(let text):
            self.writeInteger(PacketType.message.rawValue)
            self.writeImmutableBuffer(text)
        case .binary(let bytes):
            self.writeInteger(PayloadDecoder.binaryMark)
            let count = Base64.encodedByteCount(bytes.readableBytes)
            self.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
                bytes.withUnsafeReadableBytes { Base64.encode($0, into: target) }
            }
        }
    }

    mutating func append(_ type: PacketType) {
        self.separatePackets()
        self.writeInteger(type.rawValue)
    }

    /// - Parameter packets: a payload, not empty.
    mutating func append(packets: ByteBuffer) {
        self.separatePackets()
        self.writeImmutableBuffer(packets)
    }

    private mutating func separatePackets() {
        if self.readableBytes > 0 { self.writeInteger(PayloadDecoder.separator) }
    }
}
