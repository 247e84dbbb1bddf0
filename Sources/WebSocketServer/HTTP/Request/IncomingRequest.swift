internal import HTTPTypes
internal import NIOCore
internal import WebSocketProtocol

/// A request that is being received or answered.
struct IncomingRequest {
    let request: HTTPRequest
    let version: HTTPProtocolVersion
    let evaluation: ServerHandshake.Evaluation
    /// Whose it is: a trusted proxy may have said so.
    let peer: PeerInformation
    /// The path lies below one of these, and is not served by itself.
    let route: Routes.ExchangeRoute?
    var exchange: HTTPExchange?
    var body = ByteBuffer()
}

/// How far a client's request is. Small, as each connection has one.
enum RequestState {
    /// Between two requests, or before the first.
    case idle
    /// The head is there, the body is arriving.
    indirect case receiving(IncomingRequest)
    /// The application has the request.
    indirect case responding(IncomingRequest)
    /// The application has the request, and needs no more of it than this.
    case waiting(HTTPExchange, omitsBody: Bool)
    /// The response is written but the client does not take it: no further request is looked at until it does.
    case flushing
    /// The transport belongs to a WebSocket, or is being closed.
    case done
}
