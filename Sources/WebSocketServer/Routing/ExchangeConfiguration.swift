public import WebSocketNIO
public import WebSocketProtocol

/// What is different for a route of exchanges; nil means as for the server.
public struct ExchangeConfiguration: Sendable {
    /// The longest body, in bytes; see ``HTTPLimits/maximumBodyByteCount``.
    public var maximumBodyByteCount: Int?
    /// How long the application may take for a response; see ``HTTPLimits/responseTimeout``.
    public var responseTimeout: Duration?
    /// What WebSocket connections of the route are allowed.
    public var connection: ConnectionConfiguration?
    /// Which pages may open a WebSocket; see ``ServerConfiguration/originPolicy``.
    public var originPolicy: OriginPolicy?

    public init() {}
}
