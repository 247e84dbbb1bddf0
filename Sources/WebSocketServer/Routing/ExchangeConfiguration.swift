public import HTTPTypes
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
    /// Fields of the responses that the server makes itself: to a body that is too long or too slow, to an application that
    /// takes too long, to a handshake that is none. So a page that may use the route can see what went wrong. Gets the request's
    /// `Origin`, on the event loop of its connection.
    public var ownResponseHeaderFields: (@Sendable (_ origin: String?) -> HTTPFields)?

    public init() {}
}
