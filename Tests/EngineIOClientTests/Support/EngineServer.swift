import EngineIOClient
import EngineIOServer
import NIOCore

/// A server with Engine.IO on `/engine.io/`, and a client for it.
struct EngineServer: Sendable {
    let server: TestServer

    static func run<Result: Sendable>(
        configure: (inout EngineIOConfiguration) -> Void = { _ in },
        authorize: (@Sendable (ServerRequest) async throws -> EngineIOAdmission)? = nil,
        onSession: @escaping @Sendable (EngineIOSession) -> Void = { session in
            session.onMessage { session, message in session.send(message) }
        },
        _ body: (EngineServer) async throws -> Result
    ) async throws -> Result {
        var configuration = EngineIOConfiguration()
        configure(&configuration)
        let engine = EngineIOServer(configuration: configuration, authorize: authorize, onSession: onSession)
        return try await TestServer.run(routes: { engine.mount("/engine.io/", on: &$0) }) { server in
            try await body(EngineServer(server: server))
        }
    }

    var url: String { self.server.url("/engine.io/", scheme: "http") }

    static func client(
        _ transports: EngineIOClientConfiguration.Transports = .pollingThenWebSocket,
        configure: (inout EngineIOClientConfiguration) -> Void = { _ in }
    ) -> EngineIOClient {
        var configuration = EngineIOClientConfiguration()
        configuration.transports = transports
        configure(&configuration)
        return EngineIOClient(configuration: configuration)
    }
}
