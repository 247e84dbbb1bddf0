internal import HTTPTypes
internal import Logging
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol

/// From a valid WebSocket request to an open connection, or to a refusal after which HTTP goes on (RFC 6455 §4.2.2).
extension RequestHandler {
    func decide(_ offer: ClientOffer, _ incoming: IncomingRequest) {
        guard self.allowsOrigin(offer.origin, of: incoming) else {
            return self.respond(self.dressed(ServerResponse(.originNotAllowed)))
        }
        guard incoming.route == nil else { return self.serveExchange(incoming) }
        let request = self.serverRequest(incoming)
        guard let route = self.shared.routes.webSocket[request.path] else {
            return self.respond(.notFound)
        }
        guard !self.loop.isDraining else {
            return self.respond(
                ServerResponse(status: .serviceUnavailable, text: "The server is shutting down.\n"))
        }
        guard let decide = route.decide else {
            return self.accept(offer, incoming, route, subprotocol: nil, headerFields: [:])
        }
        self.loop.submit {
            let decision: UpgradeDecision
            do {
                decision = try await decide(request)
            } catch {
                self.shared.logger.error(
                    "upgrade decision failed", metadata: ["path": "\(request.path)", "error": "\(error)"])
                decision = .refuse(.failed)
            }
            self.loop.context.eventLoop.execute { self.carryOut(decision, offer, incoming, route) }
        }
    }

    func allowsOrigin(_ origin: String?, of incoming: IncomingRequest) -> Bool {
        let own = incoming.request.authority.flatMap { Origin(authority: $0, isSecure: incoming.peer.isSecure) }
        let policy = incoming.route?.configuration.originPolicy ?? self.shared.configuration.originPolicy
        return policy.allows(origin, own: own)
    }

    private func carryOut(
        _ decision: UpgradeDecision,
        _ offer: ClientOffer,
        _ incoming: IncomingRequest,
        _ route: Routes.WebSocketRoute
    ) {
        // The client may have gone, or the deadline passed, while the application thought.
        guard case .responding = self.state else { return }
        switch decision {
        case .refuse(let response):
            self.respond(response)
        case .accept(let subprotocol, let headerFields):
            self.accept(offer, incoming, route, subprotocol: subprotocol, headerFields: headerFields)
        }
    }

    private func accept(
        _ offer: ClientOffer,
        _ incoming: IncomingRequest,
        _ route: Routes.WebSocketRoute,
        subprotocol: String?,
        headerFields: HTTPFields
    ) {
        self.accept(
            offer, incoming, self.shared.settings(for: route), route.handler, subprotocol: subprotocol,
            headerFields: headerFields)
    }

    func accept(
        _ offer: ClientOffer,
        _ incoming: IncomingRequest,
        _ settings: ConnectionSettings,
        _ application: Routes.Handler,
        subprotocol: String?,
        headerFields: HTTPFields
    ) {
        let response: HTTPResponse
        let compression: DeflateAgreement?
        do throws(HandshakeArgumentError) {
            (response, compression) = try ServerHandshake.accept(
                offer,
                subprotocol: subprotocol,
                headerFields: headerFields,
                compression: settings.configuration.compression
            )
        } catch {
            self.shared.logger.error("upgrade can't be accepted as decided", metadata: ["error": "\(error)"])
            return self.respond(.failed)
        }
        let quota = self.shared.quota
        let (key, places) = self.quotaClaim(of: incoming)
        guard quota.admit(key, places: places) else {
            self.shared.logger.debug("too many connections", metadata: ["address": "\(key ?? "local")"])
            return self.respond(
                ServerResponse(status: .serviceUnavailable, text: "There are too many connections.\n"))
        }
        let handler = ConnectionHandler(
            loop: self.loop.context,
            settings: settings,
            handshake: HandshakeInformation(
                request: incoming.request,
                subprotocol: subprotocol,
                compression: compression,
                remoteAddress: incoming.peer.address,
                isSecure: incoming.peer.isSecure,
                httpVersion: incoming.version
            ),
            stream: self.stream
        )
        if case .task = application { handler.hold() }
        self.state = .done
        do {
            try self.open(handler, response)
        } catch {
            quota.release(key, places: places)
            return self.drop()
        }
        let loop = self.loop
        loop.opened(handler)
        handler.connection.onClose { _ in
            quota.release(key, places: places)
            loop.closed(handler)
        }
        self.start(handler, application)
    }

    /// What a WebSocket counts for beside its connection: one on a stream takes a place, and the client of a trusted proxy, whose
    /// connections count for nobody, is known only now.
    private func quotaClaim(of incoming: IncomingRequest) -> (key: String?, places: Int) {
        if self.stream != nil { return (self.shared.quotaKey(incoming.peer.address), 1) }
        let isCounted = self.shared.quotaKey(self.peer.address) != nil
        return (isCounted ? nil : self.shared.quotaKey(incoming.peer.address), 0)
    }

    private func start(_ handler: ConnectionHandler, _ application: Routes.Handler) {
        switch application {
        case .callbacks(let open):
            open(handler.connection)
        case .task(let body):
            let logger = self.shared.logger
            self.loop.submit {
                handler.release()
                do {
                    try await body(handler.connection)
                    handler.startClosing(ClosePayload(uncheckedCode: .normalClosure, reason: ""))
                } catch is CancellationError {
                    handler.startClosing(ClosePayload(uncheckedCode: .goingAway, reason: ""))
                } catch is ConnectionClosedError where !handler.isOpen {
                    // The end of this connection is no failure of the application; that of another one is.
                } catch {
                    logger.error(
                        "connection handler failed", metadata: ["connection": "\(handler.id)", "error": "\(error)"])
                    handler.startClosing(ClosePayload(uncheckedCode: .internalError, reason: ""))
                }
            }
        }
    }
}
