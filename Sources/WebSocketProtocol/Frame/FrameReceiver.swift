/// Turns received bytes into pieces of messages and control frames, and holds the peer to the rules of their order
/// (RFC 6455 §5.4, §5.5) and to our limits (§10.4).
///
/// It never stores payload bytes of data frames: it says where in the caller's buffer they are and what key they are
/// masked with. Memory therefore grows with bytes received, never with a length that a header claims.
public struct FrameReceiver: Sendable {
    /// A run of payload bytes of a data message, as they lie in the caller's buffer.
    public struct Part: Sendable, Hashable {
        public let kind: MessageKind
        /// Offsets in the buffer that was passed to ``next(in:from:)``. May be empty.
        public let payload: Range<Int>
        /// The key for these bytes, its phase already advanced; ``MaskingKey/none`` if they are not masked.
        public let maskingKey: MaskingKey
        /// True if no part of this message came before.
        public let startsMessage: Bool
        /// True if the message ends with these bytes.
        public let endsMessage: Bool
        /// Payload bytes of this frame that are still to come after these.
        public let missingByteCount: Int
        /// The reserved bits of the message's first frame.
        public let reservedBits: ReservedBits
    }

    public enum Event: Sendable, Hashable {
        /// All bytes are consumed; call again with more.
        case needMoreBytes
        case part(Part)
        /// A whole control frame; its unmasked payload is in ``FrameReceiver/controlPayload``.
        case control(Opcode)
    }

    private struct Message {
        var kind: MessageKind
        var reservedBits: ReservedBits
        var byteCount = 0
        var fragmentCount = 0
        var hasDeliveredPart = false
    }

    private var headerDecoder: FrameHeaderDecoder
    private let limits: ReceiveLimits
    /// The frame whose payload is being read.
    private var frame: FrameHeader?
    private var missingByteCount = 0
    private var maskingKey = MaskingKey.none
    /// The data message that has begun and not ended.
    private var message: Message?
    /// The unmasked payload of the control frame last reported: at most 125 bytes.
    public private(set) var controlPayload: [UInt8] = []

    public init(role: Role, limits: ReceiveLimits, allowedReservedBits: ReservedBits = []) {
        self.headerDecoder = FrameHeaderDecoder(role: role, allowedReservedBits: allowedReservedBits)
        self.limits = limits
    }

    /// True if the bytes so far end between two messages: nothing is half received.
    public var isAtBoundary: Bool {
        self.frame == nil && self.message == nil && !self.headerDecoder.isInsideHeader
    }

    /// Reads on from `offset`, which moves behind what was consumed.
    /// - Throws: the rule that the peer broke. The receiver is of no use after that.
    public mutating func next(
        in bytes: UnsafeRawBufferPointer,
        from offset: inout Int
    ) throws(ProtocolViolation) -> Event {
        let current: FrameHeader
        if let frame = self.frame {
            current = frame
        } else {
            guard offset < bytes.count else { return .needMoreBytes }
            guard let header = try self.headerDecoder.decode(bytes, at: &offset) else {
                // Nobody has to wait for the masking key of a frame that is too big.
                if let header = self.headerDecoder.keylessHeader { _ = try self.message(with: header) }
                return .needMoreBytes
            }
            try self.begin(header)
            current = header
        }
        let count = min(self.missingByteCount, bytes.count &- offset)
        if count == 0 && self.missingByteCount > 0 { return .needMoreBytes }
        let payload = Range(uncheckedBounds: (offset, offset &+ count))
        let key = self.maskingKey
        offset &+= count
        self.missingByteCount &-= count
        if self.missingByteCount == 0 {
            self.frame = nil
        } else {
            self.maskingKey = key.advanced(by: count)
        }
        if current.opcode.isControl {
            for index in payload {
                self.controlPayload.append(bytes[index] ^ key.byte(at: index &- payload.lowerBound))
            }
            return self.missingByteCount == 0 ? .control(current.opcode) : .needMoreBytes
        }
        return self.part(of: current, payload: payload, key: key)
    }

    @inline(__always)
    private mutating func begin(_ header: FrameHeader) throws(ProtocolViolation) {
        if let message = try self.message(with: header) {
            self.message = message
        } else {
            self.controlPayload.removeAll(keepingCapacity: true)
        }
        self.frame = header
        self.missingByteCount = header.payloadLength
        self.maskingKey = header.maskingKey ?? .none
    }

    /// Checks a header against the order of frames and the limits.
    /// - Returns: the message that the frame begins or continues; nil for a control frame.
    @inline(__always)
    private func message(with header: FrameHeader) throws(ProtocolViolation) -> Message? {
        guard !header.opcode.isControl else { return nil }
        var message: Message
        if header.opcode == .continuation {
            guard let begun = self.message else { throw .continuationWithoutStart }
            // Only the first frame of a message may carry the bits of an extension (RFC 7692 §6.1).
            guard header.reservedBits.isEmpty else { throw .reservedBits }
            message = begun
        } else {
            guard self.message == nil else { throw .messageInsideMessage }
            message = Message(
                kind: header.opcode == .text ? .text : .binary,
                reservedBits: header.reservedBits
            )
        }
        let isCompressed = message.reservedBits.contains(.rsv1)
        guard ReceiveLimits.allows(header.payloadLength, upTo: self.limits.maximumFrameByteCount, isCompressed) else {
            throw .frameTooBig
        }
        let (byteCount, overflow) = message.byteCount.addingReportingOverflow(header.payloadLength)
        guard !overflow, ReceiveLimits.allows(byteCount, upTo: self.limits.maximumMessageByteCount, isCompressed) else {
            throw .messageTooBig
        }
        message.byteCount = byteCount
        message.fragmentCount &+= 1
        guard message.fragmentCount <= self.limits.maximumFragmentCount else { throw .tooManyFragments }
        return message
    }

    @inline(__always)
    private mutating func part(of header: FrameHeader, payload: Range<Int>, key: MaskingKey) -> Event {
        guard let message = self.message else { return .needMoreBytes }
        let endsMessage = header.isFinal && self.missingByteCount == 0
        let part = Part(
            kind: message.kind,
            payload: payload,
            maskingKey: key,
            startsMessage: !message.hasDeliveredPart,
            endsMessage: endsMessage,
            missingByteCount: self.missingByteCount,
            reservedBits: message.reservedBits
        )
        if endsMessage {
            self.message = nil
        } else if !message.hasDeliveredPart {
            self.message?.hasDeliveredPart = true
        }
        return .part(part)
    }
}
