public import HTTPTypes
public import NIOSSL
public import WebSocketClient

/// How a client connects and what it allows. Every wait has a deadline and every queue a bound.
public struct EngineIOClientConfiguration: Sendable {
    /// How a session is carried.
    public enum Transports: Sendable, Hashable {
        /// Polling first, then a WebSocket if one can be opened: works wherever either does. The default.
        case pollingThenWebSocket
        case pollingOnly
        case webSocketOnly
    }

    public var transports = Transports.pollingThenWebSocket
    /// For the handshake, and for each request besides the server's ping interval. Default 20 s.
    public var requestTimeout: Duration = .seconds(20)
    /// Extra fields of every request: `Authorization`, `Cookie`, `Origin` and the like. A URL's `user:password@` stands for an
    /// `Authorization` that is not here.
    public var headerFields: HTTPFields = [:]
    /// For `https:` and `wss:`. By default certificates and host names are verified against the system's roots.
    public var tls = TLSConfiguration.makeClientConfiguration()
    /// Proxies to connect through, for polling and WebSockets alike; nil, the default, for none. See
    /// `ProxyConfiguration.environment(_:)`. Both ask an HTTP proxy for a tunnel (`CONNECT`). Polling can't use a proxy that wants
    /// TLS itself, nor a SOCKS proxy that asks for a password: then there is no session.
    public var proxy: ProxyConfiguration?
    /// Addresses to connect to instead of what a name resolves to, by `host:port`. Of several, polling takes the first; a
    /// WebSocket the first to answer.
    public var resolve: [String: [String]] = [:]
    /// Which version of HTTP the handshake of a WebSocket may use. Polling uses HTTP/1.1.
    public var webSocketHTTPVersions = HTTPVersions.automatic
    /// What WebSockets are allowed.
    public var webSocket = ConnectionConfiguration()
    /// The longest answer to a poll, in bytes. Default 16 MiB; a longer one ends the session.
    public var maximumPollByteCount = 16 * 1024 * 1024
    /// What may wait to be sent, in bytes. Default 1 MiB; above it `send` waits.
    public var outboundQueueByteCount = 1024 * 1024
    /// What may wait to be received, in bytes. Default 1 MiB; above it the client stops to poll or read. A program that takes
    /// nothing for longer than the server's heartbeat allows loses its session.
    public var inboundQueueByteCount = 1024 * 1024
    /// How long closing a session may take. Default 5 s.
    public var closeTimeout: Duration = .seconds(5)

    public init() {}
}
