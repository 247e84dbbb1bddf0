internal import CZlib
internal import NIOCore

/// Makes gzip of whole bodies (RFC 1952), one after the other with the same tables. One per event loop; the tables, a
/// quarter of a megabyte, are made when first needed.
final class GzipEncoder {
    private var stream = z_stream()
    private var isReady = false

    /// 15 bits of window, and 16 to have zlib write header and trailer of gzip.
    private static let windowBits: Int32 = 15 + 16
    /// zlib's own default.
    private static let memoryLevel: Int32 = 8

    deinit {
        if self.isReady { deflateEnd(&self.stream) }
    }

    /// - Returns: nil if it does not get smaller, or zlib has no memory.
    func encode(_ body: ByteBuffer) -> ByteBuffer? {
        guard self.begin(), let count = UInt32(exactly: body.readableBytes) else { return nil }
        var encoded = ByteBuffer()
        let written = encoded.writeWithUnsafeMutableBytes(minimumWritableBytes: body.readableBytes) { target in
            body.withUnsafeReadableBytes { source in
                guard let from = source.baseAddress, let to = target.baseAddress else { return 0 }
                self.stream.next_in = UnsafeMutablePointer(mutating: from.assumingMemoryBound(to: UInt8.self))
                self.stream.avail_in = count
                self.stream.next_out = to.assumingMemoryBound(to: UInt8.self)
                // No room for more than there was: then it is not worth sending.
                self.stream.avail_out = count
                guard deflate(&self.stream, Z_FINISH) == Z_STREAM_END else { return 0 }
                return body.readableBytes - Int(self.stream.avail_out)
            }
        }
        return written > 0 ? encoded : nil
    }

    private func begin() -> Bool {
        if self.isReady { return deflateReset(&self.stream) == Z_OK }
        let result = deflateInit2_(
            &self.stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GzipEncoder.windowBits, GzipEncoder.memoryLevel,
            Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)
        )
        self.isReady = result == Z_OK
        return self.isReady
    }
}
