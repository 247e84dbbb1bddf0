public import HTTPTypes
public import NIOCore
public import WebSocketProtocol

/// Why no connection came about.
public struct ConnectError: Error, Sendable, CustomStringConvertible {
    /// What happened; the set may grow.
    public struct Reason: Sendable, Hashable {
        enum Value: Sendable, Hashable { case invalidURL, network, tls, timedOut, refused, invalidResponse }
        let value: Value

        /// The URL can't be connected to.
        public static let invalidURL = Reason(value: .invalidURL)
        /// The name was not found or no address answered, or the connection broke off.
        public static let network = Reason(value: .network)
        /// The TLS handshake failed: most often a certificate that can't be verified.
        public static let tls = Reason(value: .tls)
        /// ``ClientConfiguration/connectTimeout`` passed.
        public static let timedOut = Reason(value: .timedOut)
        /// The server answered with HTTP: see ``ConnectError/response`` and ``ConnectError/body``.
        public static let refused = Reason(value: .refused)
        /// The server's answer breaks RFC 6455 §4.1 or HTTP.
        public static let invalidResponse = Reason(value: .invalidResponse)
    }

    public let reason: Reason
    /// In words, for people.
    public let message: String
    /// Status and header fields of the server's answer, if there was one.
    public let response: HTTPResponse?
    /// The body of a refusal, up to ``ClientConfiguration/maximumRefusalBodyByteCount``.
    public let body: ByteBuffer
    /// True if the body was longer than what is kept.
    public let isBodyTruncated: Bool
    /// The check of RFC 6455 §4.1 that failed, if one did.
    public let handshakeFailure: HandshakeFailure?
    /// What lies beneath, if something does.
    public let underlying: (any Error)?

    init(
        _ reason: Reason,
        _ message: String,
        response: HTTPResponse? = nil,
        body: ByteBuffer = ByteBuffer(),
        isBodyTruncated: Bool = false,
        handshakeFailure: HandshakeFailure? = nil,
        underlying: (any Error)? = nil
    ) {
        self.reason = reason
        self.message = message
        self.response = response
        self.body = body
        self.isBodyTruncated = isBodyTruncated
        self.handshakeFailure = handshakeFailure
        self.underlying = underlying
    }

    public var description: String { self.message }
}
