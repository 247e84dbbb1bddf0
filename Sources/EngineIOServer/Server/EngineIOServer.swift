public import WebSocketServer

/// Engine.IO v4 on a ``WebSocketServer``: sessions over HTTP polling or WebSocket.
///
/// ```swift
/// let engine = EngineIOServer { session in
///     session.onMessage { session, message in session.send(message) }
/// }
/// var server = WebSocketServer(configuration: ServerConfiguration(port: 8080))
/// engine.mount("/engine.io/", on: &server)
/// try await server.run()
/// ```
public struct EngineIOServer: Sendable {
    public let configuration: EngineIOConfiguration
    let authorize: (@Sendable (ServerRequest) async throws -> EngineIOAdmission)?
    let onSession: @Sendable (EngineIOSession) -> Void

    /// - Parameters:
    ///   - configuration: what sessions are allowed.
    ///   - authorize: decides about each handshake, on the event loop of its connection. Nil accepts all, without a task.
    ///     If it throws, the client gets 500.
    ///   - onSession: gets each new session, on the session's event loop, and sets its callbacks. Must not block.
    public init(
        configuration: EngineIOConfiguration = EngineIOConfiguration(),
        authorize: (@Sendable (ServerRequest) async throws -> EngineIOAdmission)? = nil,
        onSession: @escaping @Sendable (EngineIOSession) -> Void
    ) {
        self.configuration = configuration
        self.authorize = authorize
        self.onSession = onSession
    }
}
