package import NIOCore

extension SocketAddress {
    /// The IP address in network order, 4 or 16 bytes; nil for a Unix socket.
    package var addressBytes: [UInt8]? {
        let range: Range<Int>
        switch self {
        case .v4: range = 4..<8
        case .v6: range = 8..<24
        case .unixDomainSocket: return nil
        }
        return self.withSockAddr { pointer, count in Array(UnsafeRawBufferPointer(start: pointer, count: count)[range])
        }
    }
}
