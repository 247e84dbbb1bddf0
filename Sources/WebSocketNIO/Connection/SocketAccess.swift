internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Writes to the socket of a channel, past the pipeline.
///
/// The way of a small message through pipeline and pending writes costs more than all that this module does for it. NIO gives
/// access to the socket for the like; nothing may wait in the channel then, or the order would be lost. Not safe for concurrent
/// use: on the channel's event loop only.
struct SocketAccess {
    private let core: any NIOTransportAccessibleChannelCore<NIOBSDSocket.Handle>

    #if canImport(Darwin)
        // NIO has told the socket itself to raise no SIGPIPE.
        private static let flags = MSG_DONTWAIT
    #else
        private static let flags = CInt(MSG_DONTWAIT | MSG_NOSIGNAL)
    #endif

    /// - Returns: nil if the channel has no socket.
    init?(_ channel: any Channel) {
        guard let core = channel._channelCore as? any NIOTransportAccessibleChannelCore<NIOBSDSocket.Handle> else {
            return nil
        }
        self.core = core
    }

    /// - Returns: how many bytes the socket took: less than all if it is full, or 0 if it is broken. The channel, which is to
    ///   write the rest, will notice.
    func send(_ bytes: ByteBuffer) -> Int {
        self.withSocket { socket in bytes.withUnsafeReadableBytes { SocketAccess.send(socket, $0) } }
    }

    /// Sends both, one after the other, in one system call.
    /// - Returns: how many bytes the socket took, as for one.
    func send(_ first: ByteBuffer, _ second: ByteBuffer) -> Int {
        self.withSocket { socket in
            first.withUnsafeReadableBytes { first in
                second.withUnsafeReadableBytes { second in
                    withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { vectors in
                        vectors.initializeElement(at: 0, to: iovec(first))
                        vectors.initializeElement(at: 1, to: iovec(second))
                        var message = msghdr()
                        message.msg_iov = vectors.baseAddress
                        message.msg_iovlen = 2
                        return sendmsg(socket, &message, SocketAccess.flags)
                    }
                }
            }
        }
    }

    private func withSocket(_ body: (NIOBSDSocket.Handle) -> Int) -> Int {
        var count = 0
        // Throws if the socket is closed.
        try? self.core.withUnsafeTransport { count = body($0) }
        return max(0, count)
    }

    private static func send(_ socket: NIOBSDSocket.Handle, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
            Glibc.send(socket, bytes.baseAddress, bytes.count, Self.flags)
        #elseif canImport(Musl)
            Musl.send(socket, bytes.baseAddress, bytes.count, Self.flags)
        #else
            Darwin.send(socket, bytes.baseAddress, bytes.count, Self.flags)
        #endif
    }
}

extension iovec {
    /// For a system call that only reads the bytes.
    fileprivate init(_ bytes: UnsafeRawBufferPointer) {
        self.init(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
    }
}
