internal import NIOCore

/// Fills the free space of a buffer through a pointer.
///
/// Small frames by the hundred go through here. The write operations of `ByteBuffer` count references and check for
/// exclusive access each time, which together cost more than writing such a frame does.
struct BufferFiller {
    // Safety: `free` points into the storage of `buffer`, of which we have the only reference and which moves only when
    // this type lets it grow.
    private var buffer: ByteBuffer?
    private var free: UnsafeMutableRawPointer?
    private var freeByteCount = 0
    /// Bytes written since ``begin(_:)``.
    private(set) var byteCount = 0

    /// True until ``begin(_:)``, and after ``finish()``.
    var isFinished: Bool { self.buffer == nil }

    /// Takes over a buffer that nobody else refers to.
    mutating func begin(_ buffer: consuming ByteBuffer) {
        self.byteCount = 0
        self.buffer = consume buffer
        self.lookForRoom()
    }

    /// Where to write the next bytes, at least `byteCount` of them; ``wrote(_:)`` tells how many it were.
    @inline(__always)
    mutating func room(for byteCount: Int) -> UnsafeMutableRawPointer? {
        if byteCount > self.freeByteCount { self.grow(by: byteCount) }
        return self.free
    }

    /// - Parameter byteCount: not more than there is room for.
    @inline(__always)
    mutating func wrote(_ byteCount: Int) {
        assert(byteCount <= self.freeByteCount)
        self.free = self.free.map { $0 + byteCount }
        self.freeByteCount &-= byteCount
        self.byteCount &+= byteCount
    }

    /// - Returns: how many bytes it were.
    mutating func append(_ bytes: [UInt8]) -> Int {
        guard let target = self.room(for: bytes.count) else { return 0 }
        UnsafeMutableRawBufferPointer(start: target, count: bytes.count).copyBytes(from: bytes)
        self.wrote(bytes.count)
        return bytes.count
    }

    /// Gives the buffer back with all that was written; nil if there is none.
    mutating func finish() -> ByteBuffer? {
        self.commit()
        self.free = nil
        self.freeByteCount = 0
        self.byteCount = 0
        return self.buffer.take()
    }

    private mutating func grow(by byteCount: Int) {
        let written = self.byteCount
        self.commit()
        self.buffer?.reserveCapacity(minimumWritableBytes: max(byteCount, written))
        self.lookForRoom()
    }

    private mutating func commit() {
        guard let end = self.buffer?.writerIndex, let start = self.buffer?.readerIndex else { return }
        self.buffer?.moveWriterIndex(forwardBy: start + self.byteCount - end)
    }

    private mutating func lookForRoom() {
        self.buffer?.withUnsafeMutableWritableBytes { bytes in
            self.free = bytes.baseAddress
            self.freeByteCount = bytes.count
        }
    }
}
