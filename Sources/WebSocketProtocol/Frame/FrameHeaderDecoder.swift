/// Reads frame headers, however the bytes were cut (RFC 6455 §5.2).
///
/// Each rule is checked as soon as the byte that shows it has arrived, so that a peer can't keep a doomed frame open.
public struct FrameHeaderDecoder: Sendable {
    /// Our role: a server demands masked frames, a client unmasked ones (§5.1).
    public let role: Role
    /// Reserved bits that a negotiated extension gave a meaning.
    public let allowedReservedBits: ReservedBits
    /// The start of a header whose rest has not arrived.
    private var partial: [UInt8] = []

    public init(role: Role, allowedReservedBits: ReservedBits = []) {
        self.role = role
        self.allowedReservedBits = allowedReservedBits
    }

    /// True if a header has begun but not ended.
    public var isInsideHeader: Bool { !self.partial.isEmpty }

    /// The header that has begun, if nothing but its masking key is missing.
    var keylessHeader: FrameHeader? {
        guard self.partial.count > 1 else { return nil }
        let lengthByteCount =
            switch self.partial[1] & 0x7F {
            case 126: 2
            case 127: 8
            default: 0
            }
        guard self.partial.count >= 2 + lengthByteCount else { return nil }
        return (self.partial.prefix(2 + lengthByteCount) + [0, 0, 0, 0]).withUnsafeBytes { bytes in
            (try? self.parse(bytes))?.0
        }
    }

    /// Reads the header at `offset`, and moves `offset` behind it.
    /// - Returns: nil when more bytes are needed; those at hand are then consumed and remembered.
    @inline(__always)
    public mutating func decode(
        _ bytes: UnsafeRawBufferPointer,
        at offset: inout Int
    ) throws(ProtocolViolation) -> FrameHeader? {
        if self.partial.isEmpty {
            guard let base = bytes.baseAddress else { return nil }
            let rest = UnsafeRawBufferPointer(start: base + offset, count: bytes.count &- offset)
            if let (header, count) = try self.parse(rest) {
                offset &+= count
                return header
            }
            self.partial.append(contentsOf: rest)
            offset = bytes.count
            return nil
        }
        return try self.decodeResumed(bytes, at: &offset)
    }

    @inline(never)
    private mutating func decodeResumed(
        _ bytes: UnsafeRawBufferPointer,
        at offset: inout Int
    ) throws(ProtocolViolation) -> FrameHeader? {
        while offset < bytes.count {
            self.partial.append(bytes[offset])
            offset += 1
            let parsed = try self.partial.withUnsafeBytes { bytes in
                Result { () throws(ProtocolViolation) in try self.parse(bytes) }
            }.get()
            if let (header, _) = parsed {
                self.partial.removeAll(keepingCapacity: true)
                return header
            }
        }
        return nil
    }

    /// Parses the header at the start of `bytes`; nil if it is not all there and nothing is wrong so far.
    @inline(__always)
    private func parse(_ bytes: UnsafeRawBufferPointer) throws(ProtocolViolation) -> (FrameHeader, Int)? {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return nil }
        let first = base.load(as: UInt8.self)
        let reserved = ReservedBits(rawValue: first & ReservedBits.mask)
        guard self.allowedReservedBits.isSuperset(of: reserved) else { throw .reservedBits }
        guard let opcode = Opcode(rawValue: first & 0x0F) else { throw .reservedOpcode }
        let isFinal = first & 0x80 != 0
        if opcode.isControl {
            guard isFinal else { throw .controlFrameFragmented }
            guard reserved.isEmpty else { throw .reservedBits }
        }

        guard bytes.count > 1 else { return nil }
        let second = base.load(fromByteOffset: 1, as: UInt8.self)
        let isMasked = second & 0x80 != 0
        switch self.role {
        case .server: guard isMasked else { throw .unmaskedFrame }
        case .client: guard !isMasked else { throw .maskedFrame }
        }
        let shortLength = Int(second & 0x7F)
        if opcode.isControl { guard shortLength <= 125 else { throw .controlFrameTooLong } }

        var count = 2
        var length = shortLength
        if shortLength == 126 {
            guard bytes.count >= 4 else { return nil }
            length = Int(UInt16(bigEndian: base.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
            guard length > 125 else { throw .lengthNotMinimal }
            count = 4
        } else if shortLength == 127 {
            if bytes.count > 2 {
                guard base.load(fromByteOffset: 2, as: UInt8.self) & 0x80 == 0 else { throw .lengthTopBit }
            }
            guard bytes.count >= 8 else { return nil }
            let high = base.loadUnaligned(fromByteOffset: 2, as: UInt32.self)
            let middle = base.loadUnaligned(fromByteOffset: 6, as: UInt16.self)
            // Six zero bytes leave at most 2^16 − 1, whatever the last two will be.
            guard high != 0 || middle != 0 else { throw .lengthNotMinimal }
            guard bytes.count >= 10 else { return nil }
            let wide = UInt64(bigEndian: base.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
            // The top bit is clear, so the value is at most 2^63 − 1; where Int is narrower, the frame is too big anyway.
            guard let narrow = Int(exactly: wide) else { throw .frameTooBig }
            length = narrow
            count = 10
        }

        var key: MaskingKey?
        if isMasked {
            guard bytes.count >= count &+ 4 else { return nil }
            key = MaskingKey(
                rawValue: UInt32(littleEndian: base.loadUnaligned(fromByteOffset: count, as: UInt32.self))
            )
            count &+= 4
        }
        let header = FrameHeader(
            isFinal: isFinal,
            reservedBits: reserved,
            opcode: opcode,
            payloadLength: length,
            maskingKey: key
        )
        return (header, count)
    }
}
