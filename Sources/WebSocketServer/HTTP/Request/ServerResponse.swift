public import HTTPTypes
public import NIOCore
internal import WebSocketProtocol

/// A complete HTTP response.
public struct ServerResponse: Sendable {
    public var status: HTTPResponse.Status
    /// `Content-Length`, `Connection` and `Transfer-Encoding` are set by the server.
    public var headerFields: HTTPFields
    public var body: ByteBuffer

    public init(status: HTTPResponse.Status = .ok, headerFields: HTTPFields = [:], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.headerFields = headerFields
        self.body = body
    }

    /// Text with its content type.
    public init(
        status: HTTPResponse.Status = .ok,
        headerFields: HTTPFields = [:],
        text: String,
        contentType: String = "text/plain; charset=utf-8"
    ) {
        self.init(status: status, headerFields: headerFields, body: ByteBuffer(string: text))
        self.headerFields[.contentType] = contentType
    }

    init(_ refusal: HandshakeRefusal) {
        self.init(status: refusal.response.status, headerFields: refusal.response.headerFields, text: refusal.body)
    }

    static let notFound = ServerResponse(status: .notFound, text: "Nothing here.\n")
    static let failed = ServerResponse(status: .internalServerError, text: "The server failed.\n")
}
