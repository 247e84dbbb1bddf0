internal import HTTPTypes
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol

/// Requests that are answered by callback; see `HTTPExchange`.
extension RequestHandler {
    /// The route of exchanges that takes the request: what has a route of its own path goes there.
    func exchangeRoute(_ request: HTTPRequest) -> Routes.ExchangeRoute? {
        guard !self.shared.routes.exchanges.isEmpty else { return nil }
        let path = ServerRequest.path(ofTarget: request.path ?? "/")
        guard self.shared.routes.http[path] == nil, self.shared.routes.webSocket[path] == nil else { return nil }
        return self.shared.exchangeRoute(path)
    }

    func makeExchange(_ incoming: IncomingRequest, isWebSocketRequest: Bool) -> HTTPExchange {
        HTTPExchange(
            request: self.serverRequest(incoming),
            route: incoming.route,
            isWebSocketRequest: isWebSocketRequest,
            isFromAllowedOrigin: self.allowsOrigin(incoming.request.headerFields[.origin], of: incoming),
            connection: self
        )
    }

    /// The whole request is there.
    func serveExchange(_ incoming: IncomingRequest) {
        guard let route = incoming.route else { return }
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
        guard case .responding(let incoming) = self.state, let route = incoming.route,
            case .valid(let offer) = incoming.evaluation
        else { return }
        self.accept(
            offer, incoming, self.shared.settings(for: route), .callbacks(open), subprotocol: subprotocol,
            headerFields: headerFields)
    }

    /// The application needs no more of the request at hand than that it may be answered.
    func releaseRequest() {
        guard case .responding(let incoming) = self.state, let exchange = incoming.exchange else { return }
        self.state = .waiting(exchange, omitsBody: incoming.request.method == .head)
    }

    /// With the fields that a route wants on responses that we make ourselves.
    func dressed(_ response: ServerResponse) -> ServerResponse {
        let asker: (route: Routes.ExchangeRoute?, origin: String?) =
            switch self.state {
            case .receiving(let incoming), .responding(let incoming):
                (incoming.route, incoming.request.headerFields[.origin])
            case .waiting(let exchange, _): (exchange.route, exchange.origin)
            case .idle, .flushing, .done: (nil, nil)
            }
        guard let fields = asker.route?.configuration.ownResponseHeaderFields?(asker.origin) else { return response }
        var dressed = response
        dressed.headerFields.append(contentsOf: fields)
        return dressed
    }

    /// Says that the client has taken the response, or never will.
    func responseTaken() {
        self.onResponseTaken.take()?()
    }

    func abortExchange(_ cause: HTTPExchange.AbortCause) {
        switch self.state {
        case .receiving(let incoming), .responding(let incoming):
            incoming.exchange?.abort(cause)
        case .waiting(let exchange, _):
            exchange.abort(cause)
        case .idle, .flushing, .done:
            break
        }
    }
}
