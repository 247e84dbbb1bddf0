public import HTTPTypes
package import NIOCore
public import NIOSSL
public import WebSocketNIO
package import WebSocketProtocol

/// How a client connects and what it allows. Every default is on and bounded.
public struct ClientConfiguration: Sendable {
    /// What connections are allowed.
    public var connection = ConnectionConfiguration()
    /// For the whole way: the turn (``opensOneAtATime``), name, TCP, proxy, TLS, handshake and redirections. Default 10 s.
    public var connectTimeout: Duration = .seconds(10)
    /// Subprotocols to offer, in order of preference.
    public var subprotocols: [String] = []
    /// Fail if the server chooses none of the offered subprotocols, as browsers do. Default false.
    public var requiresSubprotocol = false
    /// Which version of HTTP the handshake may use.
    public var httpVersions = HTTPVersions.automatic
    /// Proxies to connect through; nil, the default, for none. See ``ProxyConfiguration/environment(_:)``.
    public var proxy: ProxyConfiguration?
    /// Who we are, for the server; a redirection to another origin takes them away. A URL's `user:password@` says the same.
    public var credentials: Credentials?
    /// How many redirections are followed. Default 0: a redirection is a refusal like any other. Never from `wss:` to `ws:`;
    /// `Authorization`, `Cookie`, ``credentials`` and the certificate of ``tls`` do not go to another origin.
    public var maximumRedirectCount = 0
    /// Addresses to connect to instead of what a name resolves to, by `host:port`. The name, or the address in a URL, stays what
    /// the certificate must be for and the server is asked for. Of several, the first to answer is taken (RFC 8305); a proxy is
    /// told the first.
    public var resolve: [String: [String]] = [:]
    /// The server must have one of these public keys, besides a certificate that ``tls`` accepts; empty, the default, for
    /// any.
    public var pinnedKeys: Set<PublicKeyPin> = []
    /// Extra fields of the request: `Origin`, `Cookie`, `Authorization` and the like. There is no store of cookies: `Cookie` is
    /// a field like any other, and `Set-Cookie` of a redirection or of an earlier connection is not sent back; the closure of
    /// ``WebSocketClient/connections(policy:request:)`` can do that.
    public var headerFields: HTTPFields = [:]
    /// For `wss:`. By default certificates and host names are verified against the system's roots. Own roots are
    /// `tls.trustRoots`, a certificate of the client `tls.certificateChain` and `tls.privateKey`. Protocols (ALPN) are set by
    /// ``httpVersions``. A certificate must have the host of the URL among its subject alternative names, a name or an address;
    /// its common name does not count (RFC 9525).
    public var tls = TLSConfiguration.makeClientConfiguration()
    /// Status line and header fields of the response, in bytes. Default 16 KiB.
    public var maximumHeadByteCount = 16 * 1024
    /// Default 100.
    public var maximumHeaderFieldCount = 100
    /// How much of a refusal's body is kept, in bytes. Default 64 KiB; the rest is cut off.
    public var maximumRefusalBodyByteCount = 64 * 1024
    /// At most one connection to a host and port is being opened at a time, as RFC 6455 §4.1 demands of clients; further
    /// ones wait for their turn, as long as ``connectTimeout`` lasts. Default true. Turn it off for load tests.
    public var opensOneAtATime = true
    /// Looks at, or listens in on, the plain bytes of a connection: called with a pipeline to which handlers may be added,
    /// where it leads, and what TLS agreed on.
    package var tap: (@Sendable (ChannelPipeline.SynchronousOperations, WebSocketURL, TLSAgreement?) throws -> Void)?

    public init() {}
}

/// Which version of HTTP an opening handshake may use.
public enum HTTPVersions: Sendable, Hashable {
    /// With TLS whatever the server prefers: over HTTP/2 the WebSockets to one server share a connection (RFC 8441). A server
    /// that speaks HTTP/2 but no WebSocket over it is connected to once more, with HTTP/1.1, and remembered for ten minutes.
    /// Without TLS HTTP/1.1.
    case automatic
    case http1
    /// Without TLS it is taken for granted that the server speaks it ("prior knowledge").
    case http2
}

/// What goes into `Authorization`.
public enum Credentials: Sendable, Hashable {
    /// RFC 7617.
    case basic(user: String, password: String)
    /// RFC 6750.
    case bearer(String)

    var fieldValue: String {
        switch self {
        case .basic(let user, let password): "Basic " + Base64.encode(Array("\(user):\(password)".utf8))
        case .bearer(let token): "Bearer " + token
        }
    }
}
