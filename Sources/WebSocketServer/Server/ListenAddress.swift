/// Where a server listens.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    enum Place: Sendable, Hashable {
        case tcp(host: String, port: Int)
        case unixSocket(path: String)
    }

    let place: Place

    /// A name or address and a port; port 0 takes a free one.
    public static func tcp(host: String, port: Int) -> ListenAddress {
        ListenAddress(place: .tcp(host: host, port: port))
    }

    /// A Unix domain socket, without TLS: whoever may open the file is on this machine. A socket that a server left behind there
    /// is replaced, another file is not.
    public static func unixSocket(path: String) -> ListenAddress {
        ListenAddress(place: .unixSocket(path: path))
    }

    public var description: String {
        switch self.place {
        case .tcp(let host, let port): "\(host.contains(":") ? "[\(host)]" : host):\(port)"
        case .unixSocket(let path): "unix:\(path)"
        }
    }
}
