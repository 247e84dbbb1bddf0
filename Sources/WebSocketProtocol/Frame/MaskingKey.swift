/// The 32-bit key a client masks one frame with (RFC 6455 §5.3).
///
/// The four bytes are held in wire order: the byte that masks payload byte 0 is the lowest one of `rawValue` on
/// every platform.
public struct MaskingKey: Sendable, Hashable {
    @usableFromInline
    let rawValue: UInt32

    /// A key from its bytes in wire order, first byte lowest.
    @inlinable
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    @inlinable
    public init(_ b0: UInt8, _ b1: UInt8, _ b2: UInt8, _ b3: UInt8) {
        self.rawValue = UInt32(b0) | UInt32(b1) << 8 | UInt32(b2) << 16 | UInt32(b3) << 24
    }

    /// The key that leaves every byte as it is.
    @inlinable
    public static var none: MaskingKey { MaskingKey(rawValue: 0) }

    /// The key as it applies from payload offset `count` on: byte `i` of the rest uses byte `(count + i) mod 4`.
    @inlinable
    public func advanced(by count: Int) -> MaskingKey {
        let shift = UInt32(truncatingIfNeeded: count & 3) &* 8
        guard shift != 0 else { return self }
        return MaskingKey(rawValue: self.rawValue &>> shift | self.rawValue &<< (32 &- shift))
    }

    /// Byte `index mod 4` of the key.
    @inlinable
    public func byte(at index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: self.rawValue &>> (UInt32(truncatingIfNeeded: index & 3) &* 8))
    }
}
