internal import WebSocketNIO

/// Which code serves which path.
struct Routes: Sendable {
    struct WebSocketRoute: Sendable {
        /// Nil accepts every valid request without a task of its own.
        var decide: (@Sendable (ServerRequest) async throws -> UpgradeDecision)?
        var handler: Handler
        var configuration: ConnectionConfiguration?
    }

    enum Handler: Sendable {
        case task(@Sendable (WebSocketConnection) async throws -> Void)
        case callbacks(@Sendable (WebSocketConnection) -> Void)
    }

    typealias HTTPHandler = @Sendable (ServerRequest) async throws -> ServerResponse

    var webSocket: [String: WebSocketRoute] = [:]
    var http: [String: HTTPHandler] = [:]
    var fallback: HTTPHandler?
}
