import WebSocketProtocol

/// What a ``FrameReceiver`` makes of a stream, without what depends on how the stream was cut.
struct FrameTranscript: Equatable {
    enum Entry: Equatable {
        /// Payload bytes of one message, up to its end or to the control frame or the end of input that interrupts it.
        case data(MessageKind, [UInt8], starts: Bool, ends: Bool, reservedBits: ReservedBits = [])
        case control(Opcode, [UInt8])
    }

    var entries: [Entry] = []
    var violation: ProtocolViolation?
    /// The number of the byte at whose arrival the violation was noticed; exact only for a stream fed byte by byte.
    var violationByte: Int?
    var isAtBoundary = true

    /// Feeds the pieces to a new receiver, until they end or break a rule.
    init(
        _ pieces: [[UInt8]],
        role: Role = .client,
        limits: ReceiveLimits = ReceiveLimits(),
        allowedReservedBits: ReservedBits = []
    ) {
        var receiver = FrameReceiver(role: role, limits: limits, allowedReservedBits: allowedReservedBits)
        var fedByteCount = 0
        for piece in pieces {
            fedByteCount += piece.count
            self.violation = piece.withUnsafeBytes { self.feed($0, to: &receiver) }
            if self.violation != nil {
                self.violationByte = fedByteCount
                return
            }
        }
        self.isAtBoundary = receiver.isAtBoundary
    }

    /// The transcript without the position of the violation, which differs between cuts.
    var ignoringPosition: FrameTranscript {
        var copy = self
        copy.violationByte = nil
        return copy
    }

    private mutating func feed(_ bytes: UnsafeRawBufferPointer, to receiver: inout FrameReceiver) -> ProtocolViolation?
    {
        var offset = 0
        while true {
            let before = offset
            let event: FrameReceiver.Event
            do {
                event = try receiver.next(in: bytes, from: &offset)
            } catch {
                return error
            }
            precondition(offset >= before && offset <= bytes.count, "the offset must move forward within the buffer")
            switch event {
            case .needMoreBytes:
                precondition(offset == bytes.count, "more bytes may be asked for only when all are consumed")
                return nil
            case .part(let part):
                precondition(part.payload.lowerBound >= before && part.payload.upperBound == offset)
                precondition(!part.endsMessage || part.missingByteCount == 0)
                self.append(part, of: bytes)
            case .control(let opcode):
                self.entries.append(.control(opcode, receiver.controlPayload))
            }
        }
    }

    private mutating func append(_ part: FrameReceiver.Part, of bytes: UnsafeRawBufferPointer) {
        let payload = part.payload.enumerated().map { bytes[$0.element] ^ part.maskingKey.byte(at: $0.offset) }
        if !part.startsMessage, case .data(let kind, let sofar, let starts, false, let bits) = self.entries.last {
            precondition(kind == part.kind && bits == part.reservedBits, "a message must not change half way")
            self.entries[self.entries.count - 1] =
                .data(kind, sofar + payload, starts: starts, ends: part.endsMessage, reservedBits: bits)
        } else {
            self.entries.append(
                .data(
                    part.kind,
                    payload,
                    starts: part.startsMessage,
                    ends: part.endsMessage,
                    reservedBits: part.reservedBits
                )
            )
        }
    }
}
