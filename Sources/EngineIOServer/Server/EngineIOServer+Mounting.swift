internal import EngineIOProtocol
internal import NIOCore
internal import WebSocketNIO
public import WebSocketServer

extension EngineIOServer {
    /// Serves all paths that begin with `prefix`: requests as well as WebSockets.
    ///
    /// When the server shuts down, all sessions end with the reason "server shutting down".
    /// - Parameters:
    ///   - prefix: with a slash at its end. Clients of Engine.IO use `/engine.io/`, those of Socket.IO `/socket.io/`.
    ///   - server: which must not run yet.
    public func mount(_ prefix: String = "/engine.io/", on server: inout WebSocketServer) {
        let entrance = EngineIOEntrance(
            core: EngineIOCore(self, logger: server.logger),
            eventLoops: server.eventLoops
        )
        server.exchanges(
            below: prefix,
            configuration: self.exchangeConfiguration(server.configuration),
            onShutdown: { eventLoop in entrance.shutDown(eventLoop) },
            serve: { exchange in entrance.serve(exchange) }
        )
    }

    private func exchangeConfiguration(_ server: ServerConfiguration) -> ExchangeConfiguration {
        var configuration = ExchangeConfiguration()
        configuration.maximumBodyByteCount = self.configuration.maximumPayloadByteCount
        // A poll is answered with a ping at the latest; this is for an `authorize` that does not return.
        configuration.responseTimeout = max(
            self.configuration.pingInterval + self.configuration.pingTimeout, server.http.responseTimeout)
        configuration.originPolicy = self.configuration.cors?.policy
        if let cors = self.configuration.cors {
            configuration.ownResponseHeaderFields = { origin in cors.headerFields(for: origin) }
        }
        var connection = server.connection
        connection.limits.maximumMessageByteCount = self.configuration.maximumPayloadByteCount
        connection.limits.maximumFrameByteCount = self.configuration.maximumPayloadByteCount
        connection.sendLimit = self.configuration.outboundQueueByteCount
        connection.compression = self.configuration.webSocketCompression
        connection.delivery = .whole
        // The session has a heartbeat of its own.
        connection.keepAlive.pingInterval = nil
        connection.keepAlive.idleTimeout = nil
        configuration.connection = connection
        return configuration
    }
}
