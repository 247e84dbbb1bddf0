internal import NIOCore
internal import WebSocketDeflate
internal import WebSocketProtocol

/// permessage-deflate of one connection (RFC 7692 §7.2). Made when the first message is compressed or decompressed.
final class ConnectionCompression {
    // On the connection's event loop only.

    private let agreement: DeflateAgreement
    /// Of messages that we send.
    let parameters: Deflater.Parameters
    private let loop: LoopContext
    private var sent: History?
    private var received: History?
    /// Lent while a message arrives.
    private var inflater: Inflater?
    /// Lent while a message is sent in pieces.
    private var deflater: Deflater?

    init(_ agreement: DeflateAgreement, _ configuration: CompressionConfiguration, loop: LoopContext) {
        self.agreement = agreement
        self.parameters = Deflater.Parameters(
            windowBits: agreement.sendWindowBits,
            level: configuration.level,
            memoryLevel: configuration.memoryLevel
        )
        self.loop = loop
        if agreement.sendContextTakeover { self.sent = History(windowBits: agreement.sendWindowBits) }
        if agreement.receiveContextTakeover { self.received = History(windowBits: agreement.receiveWindowBits) }
    }
}

// MARK: - Receiving

extension ConnectionCompression {
    /// Decompresses the next bytes of a message.
    /// - Parameters:
    ///   - bytes: unmasked.
    ///   - endsMessage: true for the message's last bytes, of which there may be none.
    ///   - output: gets what comes out.
    ///   - limit: the most bytes that `output` may hold. It ends there while decompressing, whatever is still to come.
    func inflate(
        _ bytes: UnsafeRawBufferPointer,
        endsMessage: Bool,
        into output: inout ByteBuffer,
        limit: Int
    ) throws(ProtocolViolation) {
        let inflater: Inflater
        if let lent = self.inflater {
            inflater = lent
        } else {
            inflater = self.loop.deflateEngines.takeInflater()
            inflater.begin(windowBits: self.agreement.receiveWindowBits, after: self.received)
            self.inflater = inflater
        }
        let start = output.readableBytes
        try ConnectionCompression.inflate(inflater, bytes, &output, limit)
        if endsMessage {
            if !inflater.hasEndedEarly {
                try Inflater.tail.withUnsafeBytes { tail in
                    Result { () throws(ProtocolViolation) in
                        try ConnectionCompression.inflate(inflater, tail, &output, limit)
                    }
                }.get()
            }
            guard inflater.isAtBoundary else { throw .invalidDeflateData }
            self.inflater = nil
            self.loop.deflateEngines.giveBack(inflater)
        }
        output.withUnsafeReadableBytes { bytes in
            self.received?.append(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(start)))
        }
    }

    private static func inflate(
        _ inflater: Inflater,
        _ bytes: UnsafeRawBufferPointer,
        _ output: inout ByteBuffer,
        _ limit: Int
    ) throws(ProtocolViolation) {
        var rest = bytes
        var isFull = true
        // Grows with what comes out: a guess first, doubled by the buffer.
        var room = max(256, bytes.count.multipliedReportingOverflow(by: 4).partialValue)
        while isFull {
            let allowed = limit - output.readableBytes
            // One byte more than allowed, so that the end of a message of just that size is seen.
            room = min(max(room, 256), allowed == .max ? .max : allowed + 1)
            do throws(InflateError) {
                try output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target throws(InflateError) in
                    let target = UnsafeMutableRawBufferPointer(rebasing: target.prefix(room))
                    let count = try inflater.inflate(&rest, into: target)
                    isFull = count == room
                    return count
                }
            } catch {
                throw .invalidDeflateData
            }
            guard output.readableBytes <= limit else { throw .messageTooBig }
            room = output.readableBytes
        }
    }
}

// MARK: - Sending

extension ConnectionCompression {
    /// Compresses a whole message.
    /// - Returns: nil if that does not make it smaller; it is then sent as it is and not remembered (§7.2.2).
    func deflate(_ payload: ByteBuffer) -> ByteBuffer? {
        let deflater = self.loop.deflateEngines.takeDeflater(self.parameters)
        deflater.begin(after: self.sent)
        defer { self.loop.deflateEngines.giveBack(deflater) }
        var output = self.loop.takeCompressed()
        guard let count = ConnectionCompression.deflate(deflater, payload, &output) else { return nil }
        output.moveWriterIndex(to: output.writerIndex - Deflater.tailByteCount)
        self.loop.giveBackCompressed(output)
        guard count - Deflater.tailByteCount < payload.readableBytes else { return nil }
        self.remember(payload)
        return output
    }

    /// Compresses a piece of a message, which is not the last: ``endPieces()`` makes that.
    /// - Returns: nil if compression failed, which is a bug.
    func deflatePiece(_ piece: ByteBuffer) -> ByteBuffer? {
        let deflater: Deflater
        if let lent = self.deflater {
            deflater = lent
        } else {
            deflater = self.loop.deflateEngines.takeDeflater(self.parameters)
            deflater.begin(after: self.sent)
            self.deflater = deflater
        }
        guard piece.readableBytes > 0 else { return ByteBuffer() }
        var output = self.loop.takeCompressed()
        guard ConnectionCompression.deflate(deflater, piece, &output) != nil else { return nil }
        self.remember(piece)
        self.loop.giveBackCompressed(output)
        return output
    }

    /// The last piece of a message.
    func endPieces() -> ByteBuffer {
        if let deflater = self.deflater.take() { self.loop.deflateEngines.giveBack(deflater) }
        return ByteBuffer(bytes: Deflater.emptyPiece)
    }

    /// A compressed message has been sent that these bytes are the content of.
    func remember(_ payload: ByteBuffer) {
        guard self.sent != nil else { return }
        payload.withUnsafeReadableBytes { self.sent?.append($0) }
    }

    static func deflate(_ deflater: Deflater, _ payload: ByteBuffer, _ output: inout ByteBuffer) -> Int? {
        var count: Int?
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: Deflater.bound(payload.readableBytes)) { target in
            count = payload.withUnsafeReadableBytes { deflater.compress($0, into: target) }
            return count ?? 0
        }
        return count
    }
}
