public import HTTPTypes
public import NIOCore
public import WebSocketProtocol

/// What the opening handshake told, for as long as the connection lives.
public struct HandshakeInformation: Sendable {
    /// The request as the server got it or the client sent it: path, query, header fields.
    public let request: HTTPRequest
    /// The response as the client got it; nil on a server.
    public let response: HTTPResponse?
    /// The agreed subprotocol, or nil.
    public let subprotocol: String?
    /// What was agreed about compression; nil if messages are not compressed.
    public let compression: DeflateAgreement?
    /// The peer's address; nil where the transport has none.
    public let remoteAddress: SocketAddress?
    /// True if the connection runs over TLS.
    public let isSecure: Bool
    /// What the handshake was made in; over HTTP/2 the connection is one of several streams of a transport.
    public let httpVersion: HTTPProtocolVersion

    package init(
        request: HTTPRequest,
        response: HTTPResponse? = nil,
        subprotocol: String?,
        compression: DeflateAgreement? = nil,
        remoteAddress: SocketAddress?,
        isSecure: Bool,
        httpVersion: HTTPProtocolVersion = .http11
    ) {
        self.request = request
        self.response = response
        self.subprotocol = subprotocol
        self.compression = compression
        self.remoteAddress = remoteAddress
        self.isSecure = isSecure
        self.httpVersion = httpVersion
    }
}
