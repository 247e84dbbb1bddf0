package import NIOCore

/// One receive buffer for all connections of an event loop.
///
/// NIO by default keeps a receive buffer per channel, which at rest is half of what an idle connection costs. Here a
/// channel takes the loop's buffer for the length of one read; whoever got the bytes gives it back.
package final class SharedReceiveBuffer: @unchecked Sendable {
    // Safety: used on its event loop only; the allocator below is called by channels of that loop.

    /// Large enough that a megabyte takes a handful of system calls, small enough to stay in the second-level cache.
    package static let capacity = 256 * 1024

    private var buffer: ByteBuffer?

    fileprivate func take(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        guard var buffer = self.buffer.take() else { return allocator.buffer(capacity: SharedReceiveBuffer.capacity) }
        // Copies nothing: if someone still holds the old bytes, this allocates afresh.
        buffer.clear(minimumCapacity: SharedReceiveBuffer.capacity)
        return buffer
    }

    /// Returns a buffer after its bytes have been consumed.
    package func giveBack(_ buffer: consuming ByteBuffer) {
        guard buffer.storageCapacity == SharedReceiveBuffer.capacity else { return }
        self.buffer = buffer
    }

    package var allocator: any RecvByteBufferAllocator { Allocator(shared: self) }

    private struct Allocator: RecvByteBufferAllocator {
        let shared: SharedReceiveBuffer

        mutating func record(actualReadBytes: Int) -> Bool { false }
        func buffer(allocator: ByteBufferAllocator) -> ByteBuffer { self.shared.take(allocator) }
    }
}
