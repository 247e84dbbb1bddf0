internal import NIOConcurrencyHelpers
internal import NIOCore
internal import WebSocketDeflate
internal import WebSocketProtocol

/// A message for many connections: framed once, and compressed once for each set of parameters that connections have
/// agreed on.
///
/// ```swift
/// let news = PreparedMessage(WebSocketMessage("…"))
/// for connection in subscribers { connection.eventLoop.execute { connection.sendNow(news) } }
/// ```
public final class PreparedMessage: Sendable {
    public let message: WebSocketMessage
    /// False for a message that is never compressed.
    public let compress: Bool
    let plainFrame: ByteBuffer
    private let deflated = NIOLockedValueBox<[Deflater.Parameters: ByteBuffer?]>([:])

    /// How often a message was compressed for the sake of this one.
    package var compressionCount: Int { self.deflated.withLockedValue { $0.count } }

    /// - Parameters:
    ///   - message: what to send.
    ///   - compress: false for a message with a secret beside text that an attacker may choose, and for data that is
    ///     compressed already; see `CompressionConfiguration`.
    public init(_ message: WebSocketMessage, compress: Bool = true) {
        self.message = message
        self.compress = compress
        self.plainFrame = PreparedMessage.frame(message.kind.opcode, [], message.bytes)
    }

    /// The frame with compressed payload, which refers to no earlier message, so that it suits every connection.
    /// - Returns: nil if compression does not make it smaller.
    func deflatedFrame(_ parameters: Deflater.Parameters) -> ByteBuffer? {
        self.deflated.withLockedValue { frames in
            if let frame = frames[parameters] { return frame }
            let frame = self.deflate(parameters)
            frames[parameters] = .some(frame)
            return frame
        }
    }

    private func deflate(_ parameters: Deflater.Parameters) -> ByteBuffer? {
        let deflater = Deflater(parameters)
        deflater.begin(after: nil)
        var payload = ByteBuffer()
        guard let count = ConnectionCompression.deflate(deflater, self.message.bytes, &payload),
            count - Deflater.tailByteCount < self.message.bytes.readableBytes
        else { return nil }
        payload.moveWriterIndex(to: payload.writerIndex - Deflater.tailByteCount)
        return PreparedMessage.frame(self.message.kind.opcode, .rsv1, payload)
    }

    private static func frame(_ opcode: Opcode, _ reservedBits: ReservedBits, _ payload: ByteBuffer) -> ByteBuffer {
        let header = FrameHeader(reservedBits: reservedBits, opcode: opcode, payloadLength: payload.readableBytes)
        var frame = ByteBuffer()
        frame.reserveCapacity(FrameHeader.maximumByteCount + payload.readableBytes)
        frame.writeWithUnsafeMutableBytes(minimumWritableBytes: FrameHeader.maximumByteCount) { target in
            target.baseAddress.map { FrameHeaderEncoder.encode(header, into: $0) } ?? 0
        }
        frame.writeImmutableBuffer(payload)
        return frame
    }
}
