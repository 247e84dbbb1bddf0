public import HTTPTypes

/// Why a session did not come about, or ended.
public struct EngineIOClientError: Error, Sendable, CustomStringConvertible {
    /// What happened; the set may grow.
    public struct Reason: Sendable, Hashable {
        enum Value: Sendable, Hashable {
            case invalidURL, network, refused, invalidResponse, pingTimeout, closedByServer, closed, timedOut, proxy
        }
        let value: Value

        /// The URL can't be connected to.
        public static let invalidURL = Reason(value: .invalidURL)
        /// No server answered, or a connection broke off.
        public static let network = Reason(value: .network)
        /// The proxy is one that polling can't use.
        public static let proxy = Reason(value: .proxy)
        /// The server refused a request: see ``EngineIOClientError/status`` and ``EngineIOClientError/body``.
        public static let refused = Reason(value: .refused)
        /// What the server sent is no Engine.IO v4.
        public static let invalidResponse = Reason(value: .invalidResponse)
        /// The server was silent for longer than it may be.
        public static let pingTimeout = Reason(value: .pingTimeout)
        /// The server ended the session.
        public static let closedByServer = Reason(value: .closedByServer)
        /// The session was closed here, before the call.
        public static let closed = Reason(value: .closed)
        /// Connecting took too long.
        public static let timedOut = Reason(value: .timedOut)
    }

    public let reason: Reason
    /// In words, for people.
    public let message: String
    /// Of the server's response, if there was one.
    public let status: HTTPResponse.Status?
    /// Of the server's response, if there was one.
    public let headerFields: HTTPFields
    /// What the server says about it, up to 64 KiB.
    public let body: String
    /// What lies beneath, if something does.
    public let underlying: (any Error)?

    init(
        _ reason: Reason, _ message: String, status: HTTPResponse.Status? = nil, headerFields: HTTPFields = [:],
        body: String = "", underlying: (any Error)? = nil
    ) {
        self.reason = reason
        self.message = message
        self.status = status
        self.headerFields = headerFields
        self.body = body
        self.underlying = underlying
    }

    public var description: String { self.message }

    static let closedHere = EngineIOClientError(.closed, "the session is closed")

    /// The connection was closed by somebody else while it was needed.
    package static let closedBeforeEnd = EngineIOClientError(.closed, "the client was closed")
}
