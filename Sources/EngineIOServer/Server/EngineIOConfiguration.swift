public import EngineIOProtocol
public import WebSocketProtocol

/// What sessions are allowed. The defaults are those of the JavaScript server where it has them; every queue has a bound
/// and every wait a deadline.
public struct EngineIOConfiguration: Sendable {
    /// Time from one ping to the next. Default 25 s. A ping that is not answered in that time is waited for.
    ///
    /// A poll waits as long at most, so a proxy must let a response take longer than this.
    public var pingInterval: Duration = .seconds(25)
    /// How long a client may take to answer a ping. Default 20 s; then the session ends with "ping timeout".
    public var pingTimeout: Duration = .seconds(20)
    /// How long a client may take to move from polling to WebSocket. Default 10 s; then the WebSocket is closed and the
    /// session goes on polling.
    public var upgradeTimeout: Duration = .seconds(10)
    /// The longest request body, and the longest WebSocket message, in bytes. Default 1,000,000. A longer body gets 413 and
    /// the session lives on; a longer WebSocket message is answered with close code 1009. Clients are told, and cut
    /// their requests accordingly.
    public var maximumPayloadByteCount = 1_000_000
    /// The most packets in one request body. Default 10,000: what small packets a client gathers during a slow request,
    /// with room to spare. Over it the request gets 400 and the session ends with "parse error".
    public var maximumPacketsPerPayload = 10_000
    /// The most sessions from one address. Default 1,024, as for connections; loopback is exempt. A further handshake gets
    /// 503.
    public var maximumSessionsPerAddress = 1024
    /// The most sessions in all. Default 100,000. A further handshake gets 503.
    public var maximumSessions = 100_000
    /// What may wait for a client that does not take it, in bytes. Default 4 MiB, a few of the longest messages: between two
    /// polls nothing can be sent. Over it the session is closed with "transport error". One message longer than that gets
    /// through if nothing waits before it.
    public var outboundQueueByteCount = 4 * 1024 * 1024
    /// The transports that clients may use. Default both.
    public var transports: Set<EngineIOTransport> = [.polling, .webSocket]
    /// Whether a session may move from polling to WebSocket. Default true.
    public var allowsUpgrades = true
    /// Which pages may use the server, on either transport. Default nil: what the WebSocket server's `originPolicy` says,
    /// which by default is only our own pages, and no CORS header fields.
    public var cors: EngineIOCORS?
    /// A cookie with the session id, for load balancers that go by cookies. Default nil: none.
    public var cookie: EngineIOCookie?
    /// Responses to polls from this size on, in bytes, are compressed with gzip if the client accepts it. Default 1,024;
    /// nil compresses none. Compression is no good for secrets beside data of others, see `CompressionConfiguration`.
    public var compressionThreshold: Int? = 1024
    /// permessage-deflate on WebSockets. Default nil: none, as in the JavaScript server.
    public var webSocketCompression: CompressionConfiguration?

    public init() {}
}
