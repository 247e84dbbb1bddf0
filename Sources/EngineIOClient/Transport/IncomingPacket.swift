internal import EngineIOProtocol
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol

/// What a server sends.
enum IncomingPacket: Sendable {
    case message(WebSocketMessage)
    case control(PacketType, String)

    /// The packets of a polling payload.
    static func decode(_ body: ByteBuffer) throws(PacketViolation) -> [IncomingPacket] {
        let packets = try body.withUnsafeReadableBytes { bytes throws(PacketViolation) in
            try PayloadDecoder.decode(bytes, maximumPacketCount: 100_000)
        }
        return packets.map { packet in
            switch packet {
            case .packet(.message, let data): .message(WebSocketMessage(uncheckedKind: .text, bytes: body.slice(data)))
            case .packet(let type, let data): .control(type, String(buffer: body.slice(data)))
            case .binary(let base64, let byteCount): .message(.decoding(body.slice(base64), byteCount))
            }
        }
    }

    /// The packet of a WebSocket message.
    init(_ message: WebSocketMessage) throws(PacketViolation) {
        guard message.kind == .text else {
            self = .message(message)
            return
        }
        let type = try message.bytes.withUnsafeReadableBytes { bytes throws(PacketViolation) in
            try PacketDecoder.type(of: bytes)
        }
        let data =
            message.bytes.getSlice(
                at: message.bytes.readerIndex + 1, length: message.bytes.readableBytes - 1) ?? ByteBuffer()
        self =
            type == .message
            ? .message(WebSocketMessage(uncheckedKind: .text, bytes: data)) : .control(type, String(buffer: data))
    }
}

extension WebSocketMessage {
    fileprivate static func decoding(_ base64: ByteBuffer, _ byteCount: Int) -> WebSocketMessage {
        var bytes = ByteBuffer()
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: byteCount) { target in
            base64.withUnsafeReadableBytes { Base64.decode($0, into: target) } ?? 0
        }
        return WebSocketMessage(bytes)
    }
}

extension ByteBuffer {
    /// - Parameter range: of the readable bytes; what lies outside of them is left off.
    fileprivate func slice(_ range: Range<Int>) -> ByteBuffer {
        self.getSlice(at: self.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }
}
