package import NIOCore

/// One receive buffer for all connections of an event loop.
///
/// NIO keeps a receive buffer per channel, which at rest is half of what an idle connection costs. Here a channel takes
/// the loop's buffer for the length of one read; whoever got the bytes gives it back.
package final class SharedReceiveBuffer: @unchecked Sendable {
    // Safety: used on its event loop only; the allocator below is called by channels of that loop.

    /// Large enough that a megabyte takes a handful of system calls, small enough to stay in the second-level cache.
    package static let capacity = 256 * 1024

    @exclusivity(unchecked) private var buffer: ByteBuffer?

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

    /// Lends this buffer. For channels whose ``ConnectionHandler`` gets the bytes as they come from the socket.
    package var allocator: any RecvByteBufferAllocator { Allocator(shared: self) }

    private struct Allocator: RecvByteBufferAllocator {
        let shared: SharedReceiveBuffer

        // "May grow" makes NIO ask for a buffer each time instead of using one that it keeps.
        mutating func record(actualReadBytes: Int) -> Bool { true }
        func buffer(allocator: ByteBufferAllocator) -> ByteBuffer { self.shared.take(allocator) }
    }
}

/// Receive buffers for the opening handshake: of the first one NIO keeps hold as long as the channel lives, so it is tiny.
///
/// Needs `maxMessagesPerRead` to be 1: with more NIO keeps as many buffers.
package struct HandshakeReceiveAllocator: RecvByteBufferAllocator {
    private static let firstByteCount = 16
    private static let byteCount = 4096

    private var hasRead = false

    package init() {}

    package mutating func record(actualReadBytes: Int) -> Bool {
        self.hasRead = true
        return true
    }

    package func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        allocator.buffer(
            capacity: self.hasRead ? HandshakeReceiveAllocator.byteCount : HandshakeReceiveAllocator.firstByteCount
        )
    }
}
