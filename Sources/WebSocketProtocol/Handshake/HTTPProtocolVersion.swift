/// The version of HTTP that an opening handshake is made in.
public enum HTTPProtocolVersion: Sendable, Hashable, CustomStringConvertible {
    /// Knows no upgrade.
    case http10
    /// WebSocket by `Upgrade` (RFC 6455 §4).
    case http11
    /// WebSocket by extended CONNECT, on a stream of the connection (RFC 8441).
    case http2

    public var description: String {
        switch self {
        case .http10: "HTTP/1.0"
        case .http11: "HTTP/1.1"
        case .http2: "HTTP/2"
        }
    }
}
