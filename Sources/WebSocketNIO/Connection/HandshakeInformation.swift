public import HTTPTypes
public import NIOCore

/// What the opening handshake told, for as long as the connection lives.
public struct HandshakeInformation: Sendable {
    /// The request as the server got it or the client sent it: path, query, header fields.
    public let request: HTTPRequest
    /// The response as the client got it; nil on a server.
    public let response: HTTPResponse?
    /// The agreed subprotocol, or nil.
    public let subprotocol: String?
    /// The peer's address; nil where the transport has none.
    public let remoteAddress: SocketAddress?
    /// True if the connection runs over TLS.
    public let isSecure: Bool

    package init(
        request: HTTPRequest,
        response: HTTPResponse? = nil,
        subprotocol: String?,
        remoteAddress: SocketAddress?,
        isSecure: Bool
    ) {
        self.request = request
        self.response = response
        self.subprotocol = subprotocol
        self.remoteAddress = remoteAddress
        self.isSecure = isSecure
    }
}
