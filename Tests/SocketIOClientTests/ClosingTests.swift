import HTTPTypes
import SocketIOClient
import Testing
import WebSocketServer

/// How a client comes to its end.
@Suite(.timeLimit(.minutes(1))) struct ClosingTests {
    /// Runs a client until it is closed, which happens when the server has had a request.
    private func close(
        _ configuration: SocketIOClientConfiguration, answer: @escaping @Sendable () async -> ServerResponse
    ) async throws {
        let requests = Mailbox<Bool>()
        try await TestServer.run(routes: { server in
            server.http("/socket.io/") { _ in
                requests.put(true)
                return await answer()
            }
        }) { server in
            let client = SocketIOClient(
                to: server.url("", scheme: "http"), configuration: configuration, logger: TestServer.quiet)
            async let running: Void = client.run()
            #expect(try await requests.take())
            client.close()
            try await running
        }
    }

    @Test("The wait for the next attempt ends at once")
    func waiting() async throws {
        var configuration = SocketIOClientConfiguration()
        configuration.reconnection?.initialDelay = .seconds(100_000)
        configuration.reconnection?.maximumDelay = .seconds(100_000)
        try await self.close(configuration) { ServerResponse(status: .serviceUnavailable) }
    }

    @Test("An attempt that is under way is given up at once")
    func connecting() async throws {
        var configuration = SocketIOClientConfiguration()
        configuration.engine.requestTimeout = .seconds(100_000)
        let gate = Gate()
        try await self.close(configuration) {
            // Until the client is gone, or for good.
            await withTaskCancellationHandler {
                await gate.wait()
            } onCancel: {
                gate.open()
            }
            return ServerResponse()
        }
    }

    @Test("What is sent to a client that has come to its end is an error, and who waits for an answer gets one")
    func afterTheEnd() async throws {
        let client = SocketIOClient(to: "http://127.0.0.1:1", logger: TestServer.quiet)
        let socket = client.socket()
        async let answer: Int = socket.emitWithAck("question", timeout: .seconds(100_000))
        try await socket.emit("waits")
        client.close()
        do {
            let answer = try await answer
            Issue.record("answered with \(answer)")
        } catch {}
        let error = await #expect(throws: EngineIOClientError.self) { try await socket.emit("late") }
        #expect(error?.reason == .closed)
        try await client.run()
        await #expect(throws: EngineIOClientError.self) { try await client.socket("/late").emit("late") }
    }
}
