internal import EngineIOProtocol
internal import HTTPTypes
internal import Logging
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol
internal import WebSocketServer

/// New sessions. They live on the event loop of the connection that brought the handshake.
extension EngineIOEntrance {
    func handshake(_ transport: EngineIOTransport, _ exchange: HTTPExchange) {
        guard let authorize = self.core.authorize else { return self.admit(transport, exchange) }
        let request = exchange.request
        exchange.run {
            do {
                let admission = try await authorize(request)
                exchange.eventLoop.execute {
                    switch admission {
                    case .accept: self.admit(transport, exchange)
                    case .refuse(let message): self.refuse(exchange, .forbidden(message))
                    }
                }
            } catch {
                self.core.logger.error("Engine.IO authorization failed", metadata: ["error": "\(error)"])
                exchange.respond(self.core.failureResponse(for: exchange))
            }
        }
    }

    private func admit(_ transport: EngineIOTransport, _ exchange: HTTPExchange) {
        // The client may have gone while the application thought.
        guard exchange.isOpen, let loop = self.ownLoop(exchange) else { return }
        guard !loop.isShuttingDown else {
            return exchange.respond(
                self.core.unavailableResponse("The server is shutting down", for: exchange))
        }
        guard let permit = self.core.permit(for: exchange.request.remoteAddress) else {
            return exchange.respond(self.core.unavailableResponse("Too many sessions", for: exchange))
        }
        switch transport {
        case .polling:
            let session = loop.makeSession(transport, exchange, permit)
            exchange.respond(self.core.response(open: self.openPacket(session, transport), for: exchange))
            self.core.onSession(session)
        case .webSocket:
            exchange.accept { connection in
                let session = loop.makeSession(transport, exchange, permit)
                let socket = SessionSocket(connection, sessionLoop: session.eventLoop)
                session.socket = socket
                let open = ByteBuffer(string: self.openPacket(session, transport).encoded)
                connection.sendNow(WebSocketMessage(uncheckedKind: .text, bytes: open))
                self.core.onSession(session)
                socket.listen(for: session)
            }
        }
    }

    private func openPacket(_ session: EngineIOSession, _ transport: EngineIOTransport) -> OpenPacket {
        let configuration = self.core.configuration
        return OpenPacket(
            sessionID: session.id,
            upgrades: self.core.upgrades(from: transport),
            pingInterval: configuration.pingInterval,
            pingTimeout: configuration.pingTimeout,
            maximumPayloadByteCount: configuration.maximumPayloadByteCount
        )
    }
}
