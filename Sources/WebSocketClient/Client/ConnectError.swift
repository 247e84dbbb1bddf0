public import HTTPTypes
public import NIOCore
internal import NIOHTTP1
internal import NIOSSL
public import WebSocketProtocol

/// Why no connection came about.
public struct ConnectError: Error, Sendable, CustomStringConvertible {
    /// What happened; the set may grow.
    public struct Reason: Sendable, Hashable {
        enum Value: Sendable, Hashable {
            case invalidURL, network, proxy, tls, timedOut, refused, invalidResponse, http2Unavailable
        }
        let value: Value

        /// The URL can't be connected to.
        public static let invalidURL = Reason(value: .invalidURL)
        /// The name was not found or no address answered, or the connection broke off.
        public static let network = Reason(value: .network)
        /// The proxy could not be used or refused: then ``ConnectError/response`` and ``ConnectError/body`` are its answer.
        public static let proxy = Reason(value: .proxy)
        /// The TLS handshake failed: most often a certificate that can't be verified.
        public static let tls = Reason(value: .tls)
        /// ``ClientConfiguration/connectTimeout`` passed.
        public static let timedOut = Reason(value: .timedOut)
        /// The server answered with HTTP: see ``ConnectError/response`` and ``ConnectError/body``.
        public static let refused = Reason(value: .refused)
        /// The server's answer breaks RFC 6455 §4.1 or HTTP.
        public static let invalidResponse = Reason(value: .invalidResponse)
        /// The server does not speak WebSocket over HTTP/2 (RFC 8441), and nothing else was allowed.
        public static let http2Unavailable = Reason(value: .http2Unavailable)
    }

    public let reason: Reason
    /// In words, for people.
    public internal(set) var message: String
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
    /// The server says that it has not looked at the request, or can't have (RFC 9113 §8.7): it may be repeated.
    let isUnprocessed: Bool
    /// The URLs that the server, or others on the way, redirected us to, in order.
    public internal(set) var redirects: [String] = []

    init(
        _ reason: Reason,
        _ message: String,
        response: HTTPResponse? = nil,
        body: ByteBuffer = ByteBuffer(),
        isBodyTruncated: Bool = false,
        handshakeFailure: HandshakeFailure? = nil,
        underlying: (any Error)? = nil,
        isUnprocessed: Bool = false
    ) {
        self.reason = reason
        self.message = message
        self.response = response
        self.body = body
        self.isBodyTruncated = isBodyTruncated
        self.handshakeFailure = handshakeFailure
        self.underlying = underlying
        self.isUnprocessed = isUnprocessed
    }

    public var description: String { self.message }

    /// What went wrong beneath HTTP.
    static func transport(_ error: any Error) -> ConnectError {
        switch error {
        case let error as ConnectError:
            error
        // What breaks off is not wrong, in whatever it breaks off; it may be whole the next time.
        case HTTPParserError.invalidEOFState, NIOSSLError.uncleanShutdown:
            ConnectError(
                .network, "the server closed the connection before the handshake was complete", underlying: error)
        case NIOSSLError.handshakeFailed(.sslError([.eofDuringHandshake])):
            ConnectError(
                .network, "TLS failed: the server closed the connection in the middle of its handshake",
                underlying: error)
        case let error as HTTPParserError:
            ConnectError(.invalidResponse, "the server's answer is not valid HTTP: \(error)", underlying: error)
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            ConnectError(.tls, "TLS failed: \(NetworkFailure.tls(error))", underlying: error)
        default:
            ConnectError(
                .network, "the connection failed: \(NetworkFailure.words(error) ?? "\(error)")", underlying: error)
        }
    }
}
