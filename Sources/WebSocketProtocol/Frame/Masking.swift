/// Applying a masking key to payload bytes (RFC 6455 §5.3), with vector steps.
///
/// Unsafe on purpose: this loop touches every payload byte of a server. Both pointers must be valid for `count` bytes;
/// nothing outside those ranges is read or written.
public enum Masking {
    /// Copies `count` bytes from `source` to `destination`, each XORed with its byte of the key.
    ///
    /// `source` and `destination` may be the same address (masking in place) but must not overlap otherwise.
    /// - Returns: true if every byte written is ASCII (below 0x80), which the UTF-8 check then need not look at again.
    @inlinable
    @discardableResult
    public static func copy(
        from source: UnsafeRawPointer,
        to destination: UnsafeMutableRawPointer,
        count: Int,
        key: MaskingKey
    ) -> Bool {
        let word = UInt64(littleEndian: UInt64(key.rawValue) | UInt64(key.rawValue) &<< 32)
        var offset = 0
        var seen = UInt64(0)
        if count >= 32 {
            let wide = SIMD4<UInt64>(repeating: word)
            var seenWide = SIMD4<UInt64>(repeating: 0)
            let end = count &- 31
            while offset < end {
                let value = source.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self) ^ wide
                destination.storeBytes(of: value, toByteOffset: offset, as: SIMD4<UInt64>.self)
                seenWide |= value
                offset &+= 32
            }
            seen = seenWide[0] | seenWide[1] | seenWide[2] | seenWide[3]
        }
        while offset &+ 8 <= count {
            let value = source.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ word
            destination.storeBytes(of: value, toByteOffset: offset, as: UInt64.self)
            seen |= value
            offset &+= 8
        }
        // Offsets reached here are multiples of 8, so the key's phase is that of its first byte.
        while offset < count {
            let value = source.load(fromByteOffset: offset, as: UInt8.self) ^ key.byte(at: offset)
            destination.storeBytes(of: value, toByteOffset: offset, as: UInt8.self)
            seen |= UInt64(value)
            offset &+= 1
        }
        return seen & 0x8080_8080_8080_8080 == 0
    }
}
