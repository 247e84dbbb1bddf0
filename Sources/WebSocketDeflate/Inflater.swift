internal import CZlib

/// The bytes are no deflate stream, or end inside one.
package struct InflateError: Error {
    package init() {}
}

/// Decompresses one message after the other (RFC 7692 §7.2.2), for any number of connections in turn.
package final class Inflater {
    private var stream = z_stream()
    /// A block said to be the last has ended, and nothing came since.
    private var hasEnded = false
    /// A block has ended, at a whole byte, and nothing came since.
    private var isBetweenBlocks = true

    package init() {
        let result = inflateInit2_(&self.stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(result == Z_OK, "zlib can't decompress: \(result)")
    }

    deinit {
        inflateEnd(&self.stream)
    }

    /// Starts a message that may refer to these earlier bytes.
    package func begin(windowBits: Int, after history: History?) {
        inflateReset2(&self.stream, -Int32(windowBits))
        self.hasEnded = false
        self.isBetweenBlocks = true
        // Several calls add up; a run is no longer than a window.
        history?.forEachRun { run in
            _ = inflateSetDictionary(&self.stream, run.baseAddress, UInt32(truncatingIfNeeded: run.count))
        }
    }

    /// Decompresses as much as fits.
    /// - Parameters:
    ///   - bytes: what came in; what is consumed is dropped from its front.
    ///   - room: where to write.
    /// - Returns: the number of bytes written. If it is less than there was room for, all of `bytes` is consumed.
    package func inflate(
        _ bytes: inout UnsafeRawBufferPointer,
        into room: UnsafeMutableRawBufferPointer
    ) throws(InflateError) -> Int {
        var written = 0
        while written < room.count, let target = room.baseAddress {
            if self.hasEnded {
                guard !bytes.isEmpty else { return written }
                // Blocks may follow one that is marked as the last, from the next whole byte on (§7.2.3.4). zlib takes that
                // for the end, so it begins again with the window it has.
                guard inflateResetKeep(&self.stream) == Z_OK else { throw InflateError() }
                self.hasEnded = false
            }
            // zlib counts in 32 bits.
            let input = min(bytes.count, 1 << 30)
            let output = min(room.count - written, 1 << 30)
            self.stream.next_in = bytes.baseAddress.map {
                UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self))
            }
            self.stream.avail_in = UInt32(input)
            self.stream.next_out = (target + written).assumingMemoryBound(to: UInt8.self)
            self.stream.avail_out = UInt32(output)
            let result = CZlib.inflate(&self.stream, Z_SYNC_FLUSH)
            let consumed = input - Int(self.stream.avail_in)
            bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(consumed))
            written += output - Int(self.stream.avail_out)
            switch result {
            case Z_STREAM_END:
                self.hasEnded = true
            case Z_OK:
                self.isBetweenBlocks = self.stream.data_type & 128 != 0 && self.stream.data_type & 63 == 0
            case Z_BUF_ERROR:
                // There was nothing to do; what zlib says of its state after that is of no use.
                return written
            default:
                throw InflateError()
            }
        }
        return written
    }

    /// The four bytes that every message leaves off (§7.2.2).
    package static let tail: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]

    /// True after the tail of a message that is complete: a block has ended, at a whole byte.
    package var isAtBoundary: Bool {
        self.hasEnded || self.isBetweenBlocks
    }

    /// True if a block that is marked as the last one ended with the bytes so far; the tail then stands for nothing.
    package var hasEndedEarly: Bool { self.hasEnded }
}
