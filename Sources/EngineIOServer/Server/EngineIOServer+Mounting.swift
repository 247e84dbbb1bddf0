public import WebSocketServer

extension EngineIOServer {
    /// Serves all paths that begin with `prefix`: requests as well as WebSockets.
    /// - Parameters:
    ///   - prefix: with a slash at its end. Clients of Engine.IO use `/engine.io/`, those of Socket.IO `/socket.io/`.
    ///   - server: which must not run yet.
    public func mount(_ prefix: String = "/engine.io/", on server: inout WebSocketServer) {}
}
