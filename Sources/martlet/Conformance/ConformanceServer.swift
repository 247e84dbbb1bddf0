internal import ArgumentParser
internal import EngineIOServer
internal import Logging
internal import NIOCore
internal import ServiceLifecycle
internal import SocketIOServer
internal import UnixSignals
internal import WebSocketServer

/// The server that the published suites of Engine.IO and Socket.IO test: see `Tests/Conformance/engineio`.
struct ConformanceServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conformance-server",
        abstract: "Serve what the published suites of Engine.IO and Socket.IO test, with a fast heartbeat."
    )

    @Option(help: "Address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "Port to listen on; 0 takes a free one.")
    var port = 3000

    func validate() throws {
        guard (0...65535).contains(self.port) else { throw ValidationError("--port must be from 0 to 65535") }
    }

    func run() async throws {
        var logger = Logger(label: "martlet")
        logger.logLevel = .notice
        var server = WebSocketServer(
            configuration: ServerConfiguration(host: self.host, port: self.port), logger: logger)
        ConformanceServer.mountEngineIO(on: &server)
        ConformanceServer.mountSocketIO(on: &server)
        server.onListening { address in
            Output.line("Martlet is listening on http://\(self.host):\(address.port ?? self.port)/")
        }
        let services = ServiceGroup(
            services: [server],
            gracefulShutdownSignals: [.sigint, .sigterm],
            logger: Logger(label: "martlet.services") { _ in SwiftLogNoOpLogHandler() }
        )
        do {
            try await services.run()
        } catch {
            throw CommandFailure("can't listen on \(self.host):\(self.port): \(error)")
        }
    }

    private static var engine: EngineIOConfiguration {
        var configuration = EngineIOConfiguration()
        configuration.pingInterval = .milliseconds(300)
        configuration.pingTimeout = .milliseconds(200)
        configuration.maximumPayloadByteCount = 1_000_000
        configuration.cors = .dangerouslyAllowAnyOrigin
        return configuration
    }

    private static func mountEngineIO(on server: inout WebSocketServer) {
        EngineIOServer(configuration: self.engine) { session in
            session.onMessage { session, message in session.send(message) }
        }.mount("/engine.io/", on: &server)
    }

    private static func mountSocketIO(on server: inout WebSocketServer) {
        var configuration = SocketIOConfiguration()
        configuration.engine = self.engine
        configuration.connectTimeout = .seconds(1)
        let io = SocketIOServer(configuration: configuration)
        for name in ["/", "/custom"] {
            io.of(name).onConnect { socket in try? socket.emit("auth", socket.auth ?? [:]) }
        }
        io.of("/").onEvent("message") { socket, event in try socket.emit("message-back", arguments: event.arguments) }
        io.of("/").onEvent("message-with-ack") { _, event in
            try event.acknowledgment?.send(arguments: event.arguments)
        }
        io.mount(on: &server)
    }
}
