import Logging
import NIOCore
import NIOPosix
import WebSocketClient
import WebSocketServer

/// A server of ours on a free port.
struct TestServer: Sendable {
    let port: Int
    let host: String

    func url(_ path: String = "/", scheme: String = "ws") -> String { "\(scheme)://\(self.host):\(self.port)\(path)" }

    static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// Serves while `body` runs, then shuts down.
    static func run<Result: Sendable>(
        configure: (inout ServerConfiguration) throws -> Void = { _ in },
        routes: (inout WebSocketServer) -> Void = { $0.echo() },
        _ body: (TestServer) async throws -> Result
    ) async throws -> Result {
        var configuration = ServerConfiguration(host: "127.0.0.1", port: 0)
        // Once a test is over, nobody waits for peers of its own making, which answer no Close.
        configuration.drainTimeout = .milliseconds(200)
        // Tests that count frames get only those they ask for.
        configuration.connection.keepAlive.pingInterval = nil
        try configure(&configuration)
        var server = WebSocketServer(configuration: configuration, logger: TestServer.quiet)
        routes(&server)
        let name = configuration.host ?? ""
        let host = name.contains(":") ? "[\(name)]" : name
        return try await server.whileRunning { port in
            try await body(TestServer(port: port, host: host))
        }
    }

    /// A client that logs nothing.
    static func client(_ change: (inout ClientConfiguration) throws -> Void = { _ in }) rethrows -> WebSocketClient {
        var configuration = ClientConfiguration()
        try change(&configuration)
        return WebSocketClient(configuration: configuration, logger: TestServer.quiet)
    }
}

extension WebSocketServer {
    /// Runs until `body` returns.
    func whileRunning<Result: Sendable>(_ body: (_ port: Int) async throws -> Result) async throws -> Result {
        var server = self
        let listening = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: Int.self)
        server.onListening { address in listening.succeed(address.port ?? 0) }
        return try await withThrowingTaskGroup(of: Void.self) { [server] group in
            group.addTask {
                do {
                    try await server.run()
                    listening.fail(RawSocketError(description: "the server ended before it listened"))
                } catch {
                    listening.fail(error)
                    throw error
                }
            }
            let result = try await body(try await listening.futureResult.get())
            group.cancelAll()
            try await group.waitForAll()
            return result
        }
    }

    /// Echoes on "/" from a task, on "/callbacks" from callbacks.
    mutating func echo() {
        self.webSocket("/") { connection in
            for try await message in connection.messages { try await connection.send(message) }
        }
        self.webSocket("/callbacks") { (connection: WebSocketConnection) -> Void in
            connection.onMessage { connection, message in connection.sendNow(message) }
        }
    }
}
