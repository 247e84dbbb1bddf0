import SocketIOClient
import Testing

/// Handlers without arguments, each with something of its own that it remembers.
@Suite(.timeLimit(.minutes(1))) struct HandlerTests {
    /// Sends an event, and expects this answer of the handler that `set` gives the socket.
    private func expect(
        _ answer: String, to event: String, _ set: (SocketIOClientSocket, Mailbox<String>) -> Void
    ) async throws {
        try await HandServer.run { server in
            var configuration = SocketIOClientConfiguration()
            configuration.engine.transports = .webSocketOnly
            let client = SocketIOClient(
                to: server.server.url("", scheme: "http"), configuration: configuration, logger: TestServer.quiet)
            let calls = Mailbox<String>()
            set(client.socket(), calls)
            try await client.withConnection {
                let session = try await server.session()
                _ = try await session.letIn()
                try await session.send(event)
                #expect(try await calls.take() == "called")
                if !answer.isEmpty { #expect(try await session.take() == answer) }
            }
        }
    }

    @Test("A handler without arguments, async or not, with an answer or none")
    func none() async throws {
        try await self.expect("", to: #"2["e"]"#) { socket, calls in
            socket.on("e") { calls.put("called") }
        }
        try await self.expect("", to: #"2["e"]"#) { socket, calls in
            socket.on("e") { () async in
                await Task.yield()
                calls.put("called")
            }
        }
        try await self.expect(#"31["a"]"#, to: #"21["e"]"#) { socket, calls in
            socket.on("e") { () -> String in
                calls.put("called")
                return "a"
            }
        }
        try await self.expect(#"31["a"]"#, to: #"21["e"]"#) { socket, calls in
            socket.on("e") { () async throws -> String in
                await Task.yield()
                calls.put("called")
                return "a"
            }
        }
    }
}
