internal import NIOCore
internal import WebSocketProtocol

extension ConnectionHandler {
    /// Takes in what one read brought, then delivers it.
    func received(_ buffer: ByteBuffer) {
        // After a failure or the peer's Close nothing counts (RFC 6455 §7.1.7); reading goes on until the end of the
        // stream, so that our last frame is not lost to a reset.
        guard self.closing.canReceive else { return }
        self.keepAlive.receivedBytes()
        var scratch = self.loop.takeScratch()
        scratch.begin(byteCount: buffer.readableBytes)
        let taken = buffer.withUnsafeReadableBytes { self.takeIn($0, &scratch) }
        scratch.finish()
        self.keepUnread(buffer, from: taken)
        self.metrics.received(bytes: taken)
        if scratch.messageCount > 0 {
            self.keepAlive.carriedMessage()
            self.metrics.received(messages: scratch.messageCount)
        }
        let hasEndedMessage = scratch.messageCount > 0
        self.deliver(&scratch)
        self.loop.giveBackScratch(scratch)
        if self.closing.phase == .open { self.updateMessageDeadline(hasEndedMessage: hasEndedMessage) }
        self.updateReadPause()
    }

    /// - Returns: how many bytes were taken in: all, unless they inflate to a lot.
    private func takeIn(_ bytes: UnsafeRawBufferPointer, _ scratch: inout ReadScratch) -> Int {
        var offset = 0
        // Each step may inflate a thousandfold, so steps are small where no limit on messages bounds them.
        let isStepped = self.isStreamed && self.handshake.compression != nil
        do throws(ProtocolViolation) {
            while true {
                guard scratch.inflatedByteCount < ConnectionHandler.inflatedByteCountPerTurn else { return offset }
                let window = isStepped ? UnsafeRawBufferPointer(rebasing: bytes.prefix(offset + 1024)) : bytes
                switch try self.receiver.next(in: window, from: &offset) {
                case .needMoreBytes:
                    if offset == bytes.count { return offset }
                case .part(let part):
                    try self.takeIn(part, of: bytes, &scratch)
                case .control(let opcode):
                    let start = scratch.filler.byteCount
                    let count = scratch.filler.append(self.receiver.controlPayload)
                    scratch.received.append(.init(content: .control(opcode), offset: start, count: count))
                    if opcode == .close { return bytes.count }
                }
            }
        } catch {
            scratch.violation = error
            return bytes.count
        }
    }

    @inline(__always)
    private func takeIn(
        _ part: FrameReceiver.Part,
        of bytes: UnsafeRawBufferPointer,
        _ scratch: inout ReadScratch
    ) throws(ProtocolViolation) {
        let payload = UnsafeRawBufferPointer(
            start: bytes.baseAddress.map { $0 + part.payload.lowerBound },
            count: part.payload.count
        )
        if part.endsMessage { scratch.messageCount &+= 1 }
        if part.reservedBits.contains(.rsv1) {
            try self.inflate(payload, of: part, &scratch)
        } else if part.startsMessage && part.endsMessage || self.isStreamed {
            let start = scratch.filler.byteCount
            guard let target = scratch.filler.room(for: payload.count) else { return }
            try self.unmask(payload, of: part, to: target)
            scratch.filler.wrote(payload.count)
            scratch.received.append(
                .init(
                    content: .slice(part.kind, startsMessage: part.startsMessage, endsMessage: part.endsMessage),
                    offset: start,
                    count: payload.count
                )
            )
        } else {
            // Grows with what has arrived, never to what a header claims.
            var gathered = self.gathering.take() ?? ByteBufferAllocator().buffer(capacity: payload.count)
            try gathered.writeWithUnsafeMutableBytes(minimumWritableBytes: payload.count) {
                target throws(ProtocolViolation) in
                guard let target = target.baseAddress else { return 0 }
                try self.unmask(payload, of: part, to: target)
                return payload.count
            }
            if part.endsMessage {
                scratch.append(gathered, part.kind)
            } else {
                self.gathering = gathered
            }
        }
    }

    /// Writes the unmasked payload to `target`, and checks text as far as it has come.
    @inline(__always)
    private func unmask(
        _ payload: UnsafeRawBufferPointer,
        of part: FrameReceiver.Part,
        to target: UnsafeMutableRawPointer
    ) throws(ProtocolViolation) {
        var isASCII = true
        if let source = payload.baseAddress {
            isASCII = Masking.copy(from: source, to: target, count: payload.count, key: part.maskingKey)
        }
        guard part.kind == .text else { return }
        let written = UnsafeRawBufferPointer(start: target, count: payload.count)
        try self.checkText(written, isASCII: isASCII, endsMessage: part.endsMessage)
    }

    /// Checks text as far as it has come (RFC 6455 §8.1).
    @inline(__always)
    func checkText(_ bytes: UnsafeRawBufferPointer, isASCII: Bool, endsMessage: Bool) throws(ProtocolViolation) {
        if !(isASCII && self.textValidator.isAtBoundary) {
            guard self.textValidator.validate(bytes) else { throw .textNotUTF8 }
        }
        if endsMessage { guard self.textValidator.isAtBoundary else { throw .textNotUTF8 } }
    }

    private func deliver(_ scratch: inout ReadScratch) {
        for received in scratch.received {
            guard self.closing.canReceive else { return }
            switch received.content {
            case .slice(let kind, let startsMessage, let endsMessage):
                guard let bytes = scratch.payloads.getSlice(at: received.offset, length: received.count) else { return }
                self.deliver(
                    MessagePiece(kind: kind, bytes: bytes, startsMessage: startsMessage, endsMessage: endsMessage)
                )
            case .gathered(let kind, let startsMessage, let endsMessage):
                let bytes = scratch.gathered[received.offset]
                self.deliver(
                    MessagePiece(kind: kind, bytes: bytes, startsMessage: startsMessage, endsMessage: endsMessage)
                )
            case .control(let opcode):
                let payload = scratch.payloads.getSlice(at: received.offset, length: received.count) ?? ByteBuffer()
                self.receivedControl(opcode, payload)
            }
        }
        if let violation = scratch.violation, self.closing.canReceive {
            self.letApplicationCatchUp()
            self.fail(violation)
        }
    }

    /// Lets tasks answer the messages that came before the end, while answers can still be sent: callbacks have done so.
    private func letApplicationCatchUp() {
        if !self.inbox.pieces.isEmpty { self.loop.executor.drain() }
    }

    @inline(__always)
    private func deliver(_ piece: MessagePiece) {
        if let onMessage = self.onMessage {
            self.callBack(onMessage, piece)
        } else {
            self.enqueue(piece)
        }
    }

    private func receivedControl(_ opcode: Opcode, _ payload: ByteBuffer) {
        switch opcode {
        case .ping:
            self.receivedPing(payload)
        case .pong:
            self.receivedPong(Array(payload.readableBytesView))
        case .close:
            self.letApplicationCatchUp()
            do throws(ProtocolViolation) {
                self.receivedClose(try ClosePayload(decoding: Array(payload.readableBytesView)))
            } catch {
                self.fail(error)
            }
        case .continuation, .text, .binary:
            assertionFailure("a data frame is no control frame")
        }
    }
}
