internal import NIOCore

/// Receive buffers of a size that follows what arrives, each for one read: an idle connection holds none. For the opening, and
/// for what goes on through TLS or HTTP/2, whose handlers keep the bytes for a while.
///
/// Of the first one NIO keeps hold as long as the channel lives, so it is tiny. Needs `maxMessagesPerRead` to be 1: with more
/// NIO keeps as many buffers.
struct GrowingReceiveAllocator: RecvByteBufferAllocator {
    private static let firstByteCount = 16
    private static let byteCounts = 4096...65536

    private var byteCount = GrowingReceiveAllocator.firstByteCount

    /// A read that fills its buffer is followed by a larger one, a read that leaves most of it empty by a smaller one.
    mutating func record(actualReadBytes: Int) -> Bool {
        let bounds = GrowingReceiveAllocator.byteCounts
        if actualReadBytes >= self.byteCount {
            self.byteCount *= 2
        } else if actualReadBytes < self.byteCount / 4 {
            self.byteCount /= 2
        }
        self.byteCount = min(max(self.byteCount, bounds.lowerBound), bounds.upperBound)
        return true
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        allocator.buffer(capacity: self.byteCount)
    }
}
