internal import HTTPTypes
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol

/// Requests that are answered by callback; see `HTTPExchange`.
extension RequestHandler {
    /// The route of exchanges that takes the request: what has a route of its own path goes there.
    func exchangeRoute(_ request: HTTPRequest) -> (route: Routes.ExchangeRoute, settings: ConnectionSettings)? {
        guard !self.shared.routes.exchanges.isEmpty else { return nil }
        let path = ServerRequest.path(ofTarget: request.path ?? "/")
        guard self.shared.routes.http[path] == nil, self.shared.routes.webSocket[path] == nil else { return nil }
        return self.shared.exchangeRoute(path)
    }

    func makeExchange(_ incoming: IncomingRequest, isWebSocketRequest: Bool) -> HTTPExchange {
        HTTPExchange(
            request: self.serverRequest(incoming),
            isWebSocketRequest: isWebSocketRequest,
            isFromAllowedOrigin: self.allowsOrigin(incoming.request.headerFields[.origin], of: incoming),
            connection: self
        )
    }

    /// The whole request is there.
    func serveExchange(_ incoming: IncomingRequest) {
        guard let (route, _) = incoming.route else { return }
        self.setDeadline(
            route.configuration.responseTimeout ?? self.shared.configuration.http.responseTimeout)
        if let exchange = incoming.exchange {
            var waiting = incoming
            waiting.body = ByteBuffer()
            self.state = .responding(waiting)
            exchange.received(body: incoming.body)
        } else {
            let isWebSocketRequest = if case .valid = incoming.evaluation { true } else { false }
            let exchange = self.makeExchange(incoming, isWebSocketRequest: isWebSocketRequest)
            var waiting = incoming
            waiting.exchange = exchange
            self.state = .responding(waiting)
            exchange.received(body: ByteBuffer())
            route.serve(exchange)
        }
    }

    func acceptExchange(
        subprotocol: String?, headerFields: HTTPFields, open: @escaping @Sendable (WebSocketConnection) -> Void
    ) {
        guard case .responding(let incoming) = self.state, let (_, settings) = incoming.route,
            case .valid(let offer) = incoming.evaluation
        else { return }
        self.accept(
            offer, incoming, settings, .callbacks(open), subprotocol: subprotocol, headerFields: headerFields)
    }

    func abortExchange(_ cause: HTTPExchange.AbortCause) {
        switch self.state {
        case .receiving(let incoming), .responding(let incoming):
            incoming.exchange?.abort(cause)
        case .idle, .flushing, .done:
            break
        }
    }
}
