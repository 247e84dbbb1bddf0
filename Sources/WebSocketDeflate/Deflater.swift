internal import CZlib

/// Compresses one message after the other (RFC 7692 §7.2.1), for any number of connections in turn.
package final class Deflater {
    /// What a compressor is made for.
    package struct Parameters: Sendable, Hashable {
        /// 8 to 15. zlib has no window of 2^8 bytes when it compresses; that of 2^9 refers back by 250 bytes at most, since it
        /// keeps a lookahead of 262, so what it writes is good for a peer with a window of 2^8.
        package let windowBits: Int
        /// 1 to 9.
        package let level: Int
        /// 1 to 9: the sizes of zlib's tables. Without an effect on memory per connection.
        package let memoryLevel: Int

        package init(windowBits: Int, level: Int, memoryLevel: Int = 5) {
            self.windowBits = windowBits
            self.level = level
            self.memoryLevel = memoryLevel
        }
    }

    private var stream = z_stream()
    package let parameters: Parameters

    package init(_ parameters: Parameters) {
        self.parameters = parameters
        let result = deflateInit2_(
            &self.stream, Int32(parameters.level), Z_DEFLATED, -Int32(max(9, parameters.windowBits)),
            Int32(parameters.memoryLevel), Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)
        )
        precondition(result == Z_OK, "zlib can't compress with \(parameters): \(result)")
    }

    package convenience init(windowBits: Int, level: Int) {
        self.init(Parameters(windowBits: windowBits, level: level))
    }

    deinit {
        deflateEnd(&self.stream)
    }

    /// Starts a message that may refer to these earlier bytes.
    package func begin(after history: History?) {
        deflateReset(&self.stream)
        // Several calls add up; a run is no longer than a window.
        history?.forEachRun { run in
            _ = deflateSetDictionary(&self.stream, run.baseAddress, UInt32(truncatingIfNeeded: run.count))
        }
    }

    /// How many bytes ``compress(_:into:)`` needs room for: zlib's bound for any window and memory level, and an empty block.
    package static func bound(_ byteCount: Int) -> Int {
        byteCount + byteCount >> 3 + byteCount >> 8 + byteCount >> 9 + 64
    }

    /// Compresses a piece of a message. It ends with the four bytes 00 00 FF FF of an empty block, which the last piece of
    /// a message leaves off (``tailByteCount``).
    /// - Parameters:
    ///   - bytes: not empty; see ``emptyPiece``.
    ///   - room: at least ``bound(_:)`` bytes.
    /// - Returns: the number of bytes written; nil if that was not room enough.
    package func compress(_ bytes: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) -> Int? {
        guard let source = bytes.baseAddress, let target = room.baseAddress else { return nil }
        var written = 0
        var consumed = 0
        repeat {
            // zlib counts in 32 bits.
            let input = min(bytes.count - consumed, 1 << 30)
            let output = min(room.count - written, 1 << 30)
            self.stream.next_in = UnsafeMutablePointer(
                mutating: (source + consumed).assumingMemoryBound(to: UInt8.self))
            self.stream.avail_in = UInt32(input)
            self.stream.next_out = (target + written).assumingMemoryBound(to: UInt8.self)
            self.stream.avail_out = UInt32(output)
            let result = deflate(&self.stream, Z_SYNC_FLUSH)
            consumed += input - Int(self.stream.avail_in)
            written += output - Int(self.stream.avail_out)
            // A full room may mean that more waits to be written.
            guard result == Z_OK, self.stream.avail_out > 0 else { return nil }
        } while consumed < bytes.count
        return written
    }

    /// What the last piece of a message leaves off (§7.2.1).
    package static let tailByteCount = 4
    /// The last piece of a message that has no more bytes, and all of an empty message: the header of an empty block whose
    /// rest is the tail (§7.2.3.6).
    package static let emptyPiece: [UInt8] = [0]
}
