public import NIOSSL
public import WebSocketNIO
public import WebSocketProtocol

/// How a server listens and what it allows. Every default is on and bounded.
public struct ServerConfiguration: Sendable {
    /// The name or address to listen on; nil listens on ``furtherAddresses`` alone. Default 127.0.0.1: a server is opened to the
    /// world on purpose.
    public var host: String?
    /// The port to listen on; 0 takes a free one.
    public var port: Int
    /// Further addresses to listen on, beside ``host`` and ``port``, or instead of them.
    public var furtherAddresses: [ListenAddress] = []
    /// Proxies that say whose request they hand on. Default none.
    public var trustedProxies = TrustedProxies()
    /// TLS; nil for plain `ws:` and `http:`. Clients may choose HTTP/2 or HTTP/1.1 (ALPN), unless
    /// `applicationProtocols` says otherwise. See ``WebSocketServer/replaceTLS(_:)`` for new certificates.
    public var tls: TLSConfiguration?
    /// What WebSocket connections are allowed.
    public var connection = ConnectionConfiguration()
    /// Which pages may open a connection. Default: only our own.
    public var originPolicy = OriginPolicy.sameOrigin
    /// Limits of the HTTP side.
    public var http = HTTPLimits()
    /// The most connections open at once, of any kind, and WebSockets that share a connection of HTTP/2. Default 100,000. A further
    /// connection is closed at once, a further WebSocket on a stream refused with 503.
    public var maximumConnectionCount = 100_000
    /// The most connections from one address, counted as for ``maximumConnectionCount``. Default 1,024: an office behind one
    /// address fits, one host can't take all.
    ///
    /// Loopback and ``trustedProxies`` are exempt, since a proxy makes all clients look like it. The clients of trusted proxies
    /// are counted by the address that the PROXY protocol says, or each WebSocket by that of ``TrustedProxies/requestField``;
    /// a further one of these is refused with 503.
    public var maximumConnectionCountPerAddress = 1024
    /// The most new connections in a second, counted as for ``maximumConnectionCount``; after a quiet second so many may come at
    /// once. Default nil: as many as come. Clients that all come back after an outage are then let in at the pace that the
    /// application bears; the others are closed at once, and come back later.
    public var maximumConnectionCountPerSecond: Int?
    /// How many connections the kernel may hold ready for us. Default 1,024.
    public var backlog = 1024
    /// How long connections get at shutdown to say goodbye before they are dropped. Default 10 s.
    public var drainTimeout: Duration = .seconds(10)

    public init(host: String? = "127.0.0.1", port: Int = 8080) {
        self.host = host
        self.port = port
    }

    /// All that is listened on.
    package var addresses: [ListenAddress] {
        let first = self.host.map { ListenAddress.tcp(host: $0, port: self.port) }
        return (first.map { [$0] } ?? []) + self.furtherAddresses
    }
}

/// Ceilings of the HTTP side, where handshakes come in.
public struct HTTPLimits: Sendable, Hashable {
    /// Request line and header fields together, in bytes. Default 16 KiB. Over it: 431 and the connection is closed.
    public var maximumHeadByteCount = 16 * 1024
    /// Default 100. Over it: 431 and the connection is closed.
    public var maximumHeaderFieldCount = 100
    /// Default 1 MiB, as for a WebSocket message. Over it: 413 and the connection is closed.
    public var maximumBodyByteCount = 1024 * 1024
    /// From the first moment of a connection to the end of its first request's head, TLS included, and from there to the end
    /// of its body and of the upgrade decision. Default 10 s. After it the connection is closed: with 408 while the body is
    /// arriving, with 503 while the application decides.
    public var requestTimeout: Duration = .seconds(10)
    /// How long a kept-alive connection may wait for the head of its next request, and one of HTTP/2 without streams for the next
    /// stream. Default 60 s; then it is closed.
    public var idleTimeout: Duration = .seconds(60)
    /// How long the application may take for a response. Default 60 s. After it: 503 and the connection is closed.
    public var responseTimeout: Duration = .seconds(60)

    /// Streams of one HTTP/2 connection that may be open at once, WebSockets included. Default 100. Clients are told, and wait;
    /// the connection of one that does not is closed with PROTOCOL_ERROR.
    public var maximumConcurrentStreamCount = 100
    /// Streams of one HTTP/2 connection that its client may reset within 30 s. Default 200, at most 10,000: opening and
    /// resetting them costs a client less than the server ("rapid reset"). Over it: the connection is closed with
    /// ENHANCE_YOUR_CALM. A proxy in ``ServerConfiguration/trustedProxies`` hands on the resets of all its clients, and may
    /// send a hundred times as many.
    public var maximumStreamResetCount = 200
    /// How long an HTTP/2 connection may be silent before its client is asked, by a PING frame, whether it is still there;
    /// one from which nothing comes within ``requestTimeout`` is closed, with all its streams. Default nil: WebSockets have pings
    /// of their own.
    public var http2PingInterval: Duration?

    public init() {}
}
