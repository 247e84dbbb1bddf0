internal import NIOCore
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

    /// Everything below a path, requests and WebSockets alike. A class: each request that waits has its route.
    final class ExchangeRoute: Sendable {
        let prefix: String
        let configuration: ExchangeConfiguration
        let onShutdown: @Sendable (any EventLoop) -> Void
        let serve: @Sendable (HTTPExchange) -> Void

        init(
            prefix: String,
            configuration: ExchangeConfiguration,
            onShutdown: @escaping @Sendable (any EventLoop) -> Void,
            serve: @escaping @Sendable (HTTPExchange) -> Void
        ) {
            self.prefix = prefix
            self.configuration = configuration
            self.onShutdown = onShutdown
            self.serve = serve
        }
    }

    typealias HTTPHandler = @Sendable (ServerRequest) async throws -> ServerResponse

    var webSocket: [String: WebSocketRoute] = [:]
    var http: [String: HTTPHandler] = [:]
    var fallback: HTTPHandler?
    /// The longest prefix comes first.
    private(set) var exchanges: [ExchangeRoute] = []

    mutating func add(_ route: ExchangeRoute) {
        self.exchanges.removeAll { $0.prefix == route.prefix }
        let index = self.exchanges.firstIndex { $0.prefix.utf8.count < route.prefix.utf8.count }
        self.exchanges.insert(route, at: index ?? self.exchanges.endIndex)
    }
}
