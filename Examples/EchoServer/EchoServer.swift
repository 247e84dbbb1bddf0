// Sends back what it gets: ws://127.0.0.1:8080/echo. Ctrl-C says goodbye to all and ends.
import Logging
import ServiceLifecycle
import WebSocketServer

@main
struct EchoServer {
    static func main() async throws {
        var server = WebSocketServer(configuration: ServerConfiguration(port: 8080))
        server.webSocket("/echo") { connection in
            for try await message in connection.messages {
                try await connection.send(message)
            }
        }
        server.onListening { print("listening on ws://127.0.0.1:\($0.port ?? 0)/echo") }

        try await ServiceGroup(
            services: [server],
            gracefulShutdownSignals: [.sigint, .sigterm],
            logger: Logger(label: "echo")
        ).run()
    }
}
