/// Writes frame headers with the shortest length encoding (RFC 6455 §5.2).
public enum FrameHeaderEncoder {
    /// The number of bytes that ``encode(_:into:)`` writes for this header.
    @inlinable
    public static func byteCount(payloadLength: Int, isMasked: Bool) -> Int {
        let length = payloadLength <= 125 ? 2 : payloadLength <= 0xFFFF ? 4 : 10
        return isMasked ? length + 4 : length
    }

    /// Writes the header to `destination`, which must have room for ``FrameHeader/maximumByteCount`` bytes.
    /// - Returns: the number of bytes written.
    @inlinable
    public static func encode(_ header: FrameHeader, into destination: UnsafeMutableRawPointer) -> Int {
        let first = (header.isFinal ? 0x80 : 0) | header.reservedBits.rawValue | header.opcode.rawValue
        let maskBit: UInt8 = header.maskingKey == nil ? 0 : 0x80
        var count: Int
        destination.storeBytes(of: first, as: UInt8.self)
        if header.payloadLength <= 125 {
            let length = UInt8(truncatingIfNeeded: header.payloadLength)
            destination.storeBytes(of: maskBit | length, toByteOffset: 1, as: UInt8.self)
            count = 2
        } else if header.payloadLength <= 0xFFFF {
            let length = UInt16(truncatingIfNeeded: header.payloadLength)
            destination.storeBytes(of: maskBit | 126, toByteOffset: 1, as: UInt8.self)
            destination.storeBytes(of: length.bigEndian, toByteOffset: 2, as: UInt16.self)
            count = 4
        } else {
            let length = UInt64(truncatingIfNeeded: header.payloadLength)
            destination.storeBytes(of: maskBit | 127, toByteOffset: 1, as: UInt8.self)
            destination.storeBytes(of: length.bigEndian, toByteOffset: 2, as: UInt64.self)
            count = 10
        }
        if let key = header.maskingKey {
            destination.storeBytes(of: key.rawValue.littleEndian, toByteOffset: count, as: UInt32.self)
            count &+= 4
        }
        return count
    }
}
