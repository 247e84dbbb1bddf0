public import HTTPTypes
public import NIOCore
public import NIOSSL
public import WebSocketProtocol

/// An HTTP request, be it for an upgrade or not.
public struct ServerRequest: Sendable {
    /// Method, scheme, authority, path with query, and header fields.
    public let head: HTTPRequest
    /// The whole body; empty for an upgrade.
    public let body: ByteBuffer
    let peer: PeerInformation

    /// The client's address; nil where the transport has none. See ``ServerConfiguration/trustedProxies``.
    public var remoteAddress: SocketAddress? { self.peer.address }
    /// True if the client sent it over TLS.
    public var isSecure: Bool { self.peer.isSecure }
    /// What the client proved its identity with; nil unless the server's TLS configuration asks for certificates.
    public var clientCertificate: NIOSSLCertificate? { self.peer.certificate }
    /// What it came in.
    public let httpVersion: HTTPProtocolVersion

    /// The path without the query, percent-encoded as it came.
    public var path: String { self.splitTarget.path }

    /// The query without its question mark, percent-encoded as it came; nil if there is none.
    public var query: String? { self.splitTarget.query }

    private var splitTarget: (path: String, query: String?) {
        let target = self.head.path ?? "/"
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (target, nil) }
        return (String(target[..<mark]), String(target[target.utf8.index(after: mark)...]))
    }

    static func path(ofTarget target: String) -> String {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return target }
        return String(target[..<mark])
    }

    /// The cookies, by name; of two with one name the first, which has the more specific path (RFC 6265 §5.4).
    public var cookies: [String: String] {
        var cookies: [String: String] = [:]
        for line in self.head.headerFields[values: .cookie] {
            for pair in line.utf8.split(separator: UInt8(ascii: ";")) {
                guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
                let name = String(Substring(pair[..<equals]).trimmingOptionalWhitespace())
                let value = String(Substring(pair[pair.index(after: equals)...]).trimmingOptionalWhitespace())
                if !name.isEmpty && cookies[name] == nil { cookies[name] = value }
            }
        }
        return cookies
    }

    /// The subprotocols that the client offers, in its order of preference (RFC 6455 §4.2.1).
    public var subprotocols: [String] {
        self.head.headerFields.listMembers(of: .secWebSocketProtocol).map(String.init)
    }
}
