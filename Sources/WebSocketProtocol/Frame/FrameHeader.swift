/// The first bytes of a frame: everything before its payload (RFC 6455 §5.2).
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-------+-+-------------+-------------------------------+
///     |F|R|R|R| opcode|M| Payload len |    Extended payload length    |
///     |I|S|S|S|  (4)  |A|     (7)     |             (16/64)           |
///     |N|V|V|V|       |S|             |   (if payload len==126/127)   |
///     | |1|2|3|       |K|             |                               |
///     +-+-+-+-+-------+-+-------------+ - - - - - - - - - - - - - - - +
public struct FrameHeader: Sendable, Hashable {
    /// True on the last (or only) fragment of a message.
    public var isFinal: Bool
    public var reservedBits: ReservedBits
    public var opcode: Opcode
    /// Payload length in bytes, 0 … 2^63 − 1.
    public var payloadLength: Int
    /// The masking key, or nil on an unmasked frame.
    public var maskingKey: MaskingKey?

    @inlinable
    public init(
        isFinal: Bool = true,
        reservedBits: ReservedBits = [],
        opcode: Opcode,
        payloadLength: Int,
        maskingKey: MaskingKey? = nil
    ) {
        self.isFinal = isFinal
        self.reservedBits = reservedBits
        self.opcode = opcode
        self.payloadLength = payloadLength
        self.maskingKey = maskingKey
    }

    /// The length of the longest header in bytes: 2, 8 for a 64-bit length, 4 for the masking key.
    public static var maximumByteCount: Int { 14 }
}

/// RSV1, RSV2 and RSV3: zero unless an extension gave them a meaning (RFC 6455 §5.2).
public struct ReservedBits: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    @inlinable
    public static var rsv1: ReservedBits { ReservedBits(rawValue: 0x40) }
    @inlinable
    public static var rsv2: ReservedBits { ReservedBits(rawValue: 0x20) }
    @inlinable
    public static var rsv3: ReservedBits { ReservedBits(rawValue: 0x10) }
    @usableFromInline
    static var mask: UInt8 { 0x70 }
}
