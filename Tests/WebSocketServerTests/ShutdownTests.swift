import Logging
import NIOCore
import ServiceLifecycle
import Testing
import WebSocketClient
import WebSocketServer

@Suite("Shutting down", .timeLimit(.minutes(1)))
struct ShutdownTests {
    /// A server that reports its port and is run by the test itself.
    private func server(
        drainTimeout: Duration = .seconds(5),
        _ routes: (inout WebSocketServer) -> Void = { $0.echo() }
    ) -> (server: WebSocketServer, port: Mailbox<Int>) {
        var configuration = ServerConfiguration(port: 0)
        configuration.drainTimeout = drainTimeout
        // Tests that look at the first frame want the goodbye.
        configuration.connection.keepAlive.pingInterval = nil
        var server = WebSocketServer(configuration: configuration, logger: TestServer.quiet)
        routes(&server)
        let port = Mailbox<Int>()
        server.onListening { port.put($0.port ?? 0) }
        return (server, port)
    }

    @Test(
        "Graceful shutdown of a service group says 1001 to all and returns when they are gone (§7.4.1)",
        .requirement(173, 291))
    func serviceGroup() async throws {
        let (server, port) = self.server()
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [.init(service: server)], logger: TestServer.quiet)
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let url = "ws://127.0.0.1:\(try await port.take())/"
            var connections: [WebSocketConnection] = []
            for number in 0..<10 {
                connections.append(
                    try await TestServer.client().connect(to: url + (number % 2 == 0 ? "" : "callbacks")))
            }
            await group.triggerGracefulShutdown()
            for connection in connections {
                let outcome = await connection.closed
                #expect(outcome.wasClean)
                #expect(outcome.code == .goingAway)
                #expect(outcome.reason == "server is shutting down")
                #expect(outcome.initiator == .remote)
            }
            try await tasks.waitForAll()
            await #expect(throws: ConnectError.self) { try await TestServer.client().connect(to: url) }
        }
    }

    @Test("Cancelling the server's task does the same (§7.4.1)", .requirement(173, 291))
    func cancellation() async throws {
        let (server, port) = self.server()
        let running = Task { try await server.run() }
        let connection = try await TestServer.client().connect(to: "ws://127.0.0.1:\(try await port.take())/")
        running.cancel()
        let outcome = await connection.closed
        #expect(outcome.wasClean)
        #expect(outcome.code == .goingAway)
        try await running.value
    }

    @Test("Messages sent before the goodbye arrive before it (§5.5.1)", .requirement(126, 291))
    func lastMessages() async throws {
        let opened = Mailbox<Void>()
        let (server, port) = self.server { server in
            server.webSocket("/") { connection in
                for number in 0..<100 { try await connection.send("\(number)") }
                opened.put(())
                for try await _ in connection.messages {}
            }
        }
        let running = Task { try await server.run() }
        let connection = try await TestServer.client().connect(to: "ws://127.0.0.1:\(try await port.take())/")
        try await opened.take()
        running.cancel()
        var count = 0
        for try await _ in connection.messages { count += 1 }
        #expect(count == 100)
        try await running.value
    }

    @Test("Who does not say goodbye is dropped after the drain timeout (§7.1.1)", .requirement(165, 291))
    func drainTimeout() async throws {
        let (server, port) = self.server(drainTimeout: .milliseconds(300))
        let running = Task { try await server.run() }
        let number = try await port.take()
        let stubborn = try await RawSocket.open(number)
        let start = ContinuousClock.now
        running.cancel()
        let goodbye = try await stubborn.takeFrame()
        #expect(goodbye.opcode == 8 && goodbye.payload.starts(with: [0x03, 0xE9]))
        #expect(try await stubborn.takeRest().isEmpty)
        try await running.value
        #expect(ContinuousClock.now - start < .seconds(4))
    }

    @Test("A request that has begun is answered, idle connections are closed, nobody new gets in", .requirement(291))
    func httpRequests() async throws {
        let begun = Mailbox<Void>()
        let gate = Gate()
        let (server, port) = self.server { server in
            server.http("/slow") { _ in
                begun.put(())
                await gate.wait()
                return ServerResponse(text: "done")
            }
        }
        let running = Task { try await server.run() }
        let number = try await port.take()
        let idle = try await RawSocket.connect(to: number)
        let busy = try await RawSocket.connect(to: number)
        try await busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        try await begun.take()
        running.cancel()
        #expect(try await idle.takeRest().isEmpty)
        gate.open()
        let response = try await busy.takeResponse()
        #expect(response.body == "done")
        #expect(response.head.lowercased().contains("connection: close\r\n"))
        #expect(try await busy.takeRest().isEmpty)
        try await running.value
    }

    @Test(
        "Handlers see the ordinary end of their connection, not a cancellation, on graceful shutdown",
        .requirement(155, 291))
    func handlersFinish() async throws {
        let ended = Mailbox<Bool>()
        let (server, port) = self.server { server in
            server.webSocket("/") { connection in
                do {
                    for try await _ in connection.messages {}
                    ended.put(true)
                } catch {
                    ended.put(false)
                }
            }
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [.init(service: server)], logger: TestServer.quiet)
        )
        let running = Task { try await group.run() }
        let url = "ws://127.0.0.1:\(try await port.take())/"
        var connections: [WebSocketConnection] = []
        for _ in 0..<20 { connections.append(try await TestServer.client().connect(to: url)) }
        await group.triggerGracefulShutdown()
        for connection in connections { _ = await connection.closed }
        try await running.value
        for _ in connections { #expect(try await ended.take()) }
    }

    @Test("A port that is taken is an error of run()")
    func portTaken() async throws {
        try await TestServer.run { server in
            let second = WebSocketServer(
                configuration: ServerConfiguration(port: server.port), logger: TestServer.quiet)
            await #expect(throws: (any Error).self) { try await second.run() }
        }
    }
}
