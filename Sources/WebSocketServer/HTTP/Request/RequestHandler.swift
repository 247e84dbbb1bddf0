internal import HTTPTypes
internal import Logging
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol

/// Serves one request at a time of a client: an HTTP/1.1 connection or an HTTP/2 stream.
///
/// What is the same for both is in the extensions. Everything is used on the event loop only.
protocol RequestHandler: DeadlineTarget, Sendable {
    var shared: ServerCore { get }
    var loop: ServerLoop { get }
    /// Who is at the other end of the connection: the client, or a proxy.
    var peer: PeerInformation { get }
    var state: RequestState { get set }
    var version: HTTPProtocolVersion { get }
    /// What the connection runs over if that is a stream of HTTP/2.
    var stream: StreamTransport? { get }
    /// Wants to know when the client has taken the response at hand; see ``responseTaken()``.
    var onResponseTaken: (() -> Void)? { get set }

    /// Answers the request at hand and makes ready for the next one, if there can be one.
    func respond(_ response: ServerResponse)
    /// Answers what can't be read on after.
    func refuseAndClose(_ response: ServerResponse, _ cause: HTTPExchange.AbortCause)
    /// Says yes to a WebSocket and makes way for it. The answer stays unflushed: it leaves with the first frames of the
    /// application, in one system call.
    func open(_ handler: ConnectionHandler, _ response: HTTPResponse) throws
    /// Ends it without ceremony.
    func drop()
}

extension RequestHandler {
    func refuseAndClose(_ response: ServerResponse) {
        self.refuseAndClose(response, .disconnected)
    }

    /// The head of a request is there.
    /// - Parameters:
    ///   - evaluation: of the request as an opening handshake.
    ///   - hasBody: true if a body is announced.
    /// - Returns: true if its body is wanted.
    func received(_ request: HTTPRequest, _ evaluation: ServerHandshake.Evaluation, hasBody: Bool) -> Bool {
        let client = self.shared.configuration.trustedProxies.client(of: request.headerFields, from: self.peer)
        var request = request
        if client.isSecure != self.peer.isSecure { request.scheme = client.isSecure ? "https" : "http" }
        var incoming = IncomingRequest(
            request: request, version: self.version, evaluation: evaluation, peer: client,
            route: self.exchangeRoute(request))
        self.state = .receiving(incoming)
        if case .refused(let refusal) = evaluation, refusal.closesConnection {
            self.refuseAndClose(self.dressed(ServerResponse(refusal)))
            return false
        }
        if let route = incoming.route, hasBody, evaluation == .notAnUpgrade {
            // Told before the body comes, so that it need not be taken in to be refused.
            let exchange = self.makeExchange(incoming, isWebSocketRequest: false)
            incoming.exchange = exchange
            self.state = .receiving(incoming)
            route.serve(exchange)
            guard exchange.isOpen else { return false }
        }
        return true
    }

    func received(_ bytes: ByteBuffer) {
        guard case .receiving(var incoming) = self.state else { return }
        let limit =
            incoming.route?.configuration.maximumBodyByteCount
            ?? self.shared.configuration.http.maximumBodyByteCount
        guard incoming.body.readableBytes + bytes.readableBytes <= limit else {
            return self.refuseAndClose(
                self.dressed(ServerResponse(status: .contentTooLarge, text: "The body is over the limit.\n")),
                .bodyTooLarge)
        }
        self.state = .done
        incoming.body.writeImmutableBuffer(bytes)
        self.state = .receiving(incoming)
    }

    /// The request is complete.
    func receivedEnd() {
        guard case .receiving(let incoming) = self.state else { return }
        self.state = .responding(incoming)
        switch incoming.evaluation {
        case .notAnUpgrade where incoming.route != nil:
            self.serveExchange(incoming)
        case .notAnUpgrade:
            self.setDeadline(self.shared.configuration.http.responseTimeout)
            self.serve(incoming)
        case .refused(let refusal):
            self.respond(self.dressed(ServerResponse(refusal)))
        case .valid(let offer):
            self.decide(offer, incoming)
        }
    }

    func serverRequest(_ incoming: IncomingRequest) -> ServerRequest {
        ServerRequest(
            head: incoming.request, body: incoming.body, peer: incoming.peer, httpVersion: incoming.version)
    }

    private func serve(_ incoming: IncomingRequest) {
        let request = self.serverRequest(incoming)
        guard let handler = self.shared.routes.http[request.path] ?? self.shared.routes.fallback else {
            let speaksWebSocket = self.shared.routes.webSocket[request.path] != nil
            return self.respond(
                speaksWebSocket ? ServerResponse(.upgradeRequired(incoming.version)) : .notFound)
        }
        self.loop.submit {
            let response: ServerResponse
            do {
                response = try await handler(request)
            } catch {
                self.shared.logger.error(
                    "request handler failed", metadata: ["path": "\(request.path)", "error": "\(error)"])
                response = .failed
            }
            self.loop.context.eventLoop.execute { self.respond(response) }
        }
    }
}

// MARK: - Deadlines

extension RequestHandler {
    func setDeadline(_ timeout: Duration) {
        self.loop.context.deadlines.schedule(self, at: DeadlineWheel.now().advanced(by: timeout))
    }

    func deadlineReached(now: MonotonicTime) -> MonotonicTime? {
        switch self.state {
        case .receiving:
            self.refuseAndClose(
                self.dressed(ServerResponse(status: .requestTimeout, text: "The request took too long.\n")), .timedOut)
        case .responding, .waiting:
            self.refuseAndClose(
                self.dressed(ServerResponse(status: .serviceUnavailable, text: "The server took too long.\n")),
                .timedOut)
        case .idle, .flushing, .done:
            self.drop()
        }
        return nil
    }
}
