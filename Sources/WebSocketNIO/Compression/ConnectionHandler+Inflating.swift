internal import NIOCore
internal import WebSocketProtocol

/// Receiving compressed messages (RFC 7692 §6.2).
extension ConnectionHandler {
    /// A read that has inflated to this much is set aside: what came of it is delivered, other connections get their turn,
    /// and the application's pace counts, before there is more. A read of a few hundred kilobytes can hold hundreds of
    /// megabytes.
    static let inflatedByteCountPerTurn = 256 * 1024

    /// Decompresses a run of payload bytes, and checks text as far as it has come.
    func inflate(
        _ payload: UnsafeRawBufferPointer,
        of part: FrameReceiver.Part,
        _ scratch: inout ReadScratch
    ) throws(ProtocolViolation) {
        guard let compression = self.compression, let unmasked = scratch.filler.room(for: payload.count) else { return }
        if let source = payload.baseAddress {
            Masking.copy(from: source, to: unmasked, count: payload.count, key: part.maskingKey)
        }
        var output = self.gathering.take() ?? ByteBuffer()
        let start = output.readableBytes
        try compression.inflate(
            UnsafeRawBufferPointer(start: unmasked, count: payload.count),
            endsMessage: part.endsMessage,
            into: &output,
            limit: self.isStreamed ? .max : self.settings.configuration.limits.maximumMessageByteCount
        )
        scratch.inflatedByteCount += output.readableBytes - start
        if part.kind == .text {
            try output.withUnsafeReadableBytes { bytes throws(ProtocolViolation) in
                let new = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(start))
                try self.checkText(new, isASCII: false, endsMessage: part.endsMessage)
            }
        }
        if self.isStreamed {
            scratch.append(output, part.kind, startsMessage: part.startsMessage, endsMessage: part.endsMessage)
        } else if part.endsMessage {
            scratch.append(output, part.kind)
        } else {
            self.gathering = output
        }
    }

    /// Keeps what was not taken in of a read, for a later turn.
    func keepUnread(_ buffer: ByteBuffer, from offset: Int) {
        guard offset < buffer.readableBytes else { return }
        self.unread = buffer.getSlice(
            at: buffer.readerIndex + offset,
            length: buffer.readableBytes - offset
        )
    }

    /// Takes in the next of what is unread in a later turn of the loop.
    func scheduleUnread() {
        guard !self.isUnreadScheduled else { return }
        self.isUnreadScheduled = true
        self.eventLoop.assumeIsolated().execute {
            self.isUnreadScheduled = false
            self.takeInUnread(untilEnd: false)
        }
    }

    /// - Parameter untilEnd: the transport is gone, so that there is no later turn. What the application has no room for is
    ///   lost then, as what is still on its way would be.
    func takeInUnread(untilEnd: Bool) {
        while self.readsOn, let unread = self.unread.take() {
            let isOutermost = self.loop.beginRead()
            self.received(unread)
            self.loop.endRead(isOutermost: isOutermost)
            guard untilEnd else {
                // After a failure what was unread does not count any more, and only the end of the stream is awaited.
                if !self.closing.canReceive { self.resumeReading() }
                return
            }
        }
        if untilEnd { self.unread = nil }
    }
}
