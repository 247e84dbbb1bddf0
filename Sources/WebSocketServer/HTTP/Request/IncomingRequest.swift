internal import HTTPTypes
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol

/// A request that is being received or answered.
struct IncomingRequest {
    let request: HTTPRequest
    let version: HTTPProtocolVersion
    let evaluation: ServerHandshake.Evaluation
    /// Whose it is: a trusted proxy may have said so.
    let peer: PeerInformation
    /// The path lies below one of these, and is not served by itself.
    let route: (route: Routes.ExchangeRoute, settings: ConnectionSettings)?
    var exchange: HTTPExchange?
    var body = ByteBuffer()
}

/// How far a client's request is.
enum RequestState {
    /// Between two requests, or before the first.
    case idle
    /// The head is there, the body is arriving.
    case receiving(IncomingRequest)
    /// The application has the request.
    case responding(IncomingRequest)
    /// The response is written but the client does not take it: no further request is looked at until it does.
    case flushing
    /// The transport belongs to a WebSocket, or is being closed.
    case done
}
