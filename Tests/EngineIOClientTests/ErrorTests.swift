import EngineIOClient
import EngineIOServer
import HTTPTypes
import Testing

@Suite(.timeLimit(.minutes(1))) struct ErrorTests {
    private func problem(
        _ url: String, _ transports: EngineIOClientConfiguration.Transports = .pollingOnly,
        configure: (inout EngineIOClientConfiguration) -> Void = { _ in }
    ) async -> EngineIOClientError? {
        await #expect(throws: EngineIOClientError.self) {
            try await EngineServer.client(transports, configure: configure).withSession(to: url) { session in
                for try await _ in session.messages {}
            }
        }
    }

    @Test("A refused handshake carries status, header fields and body", arguments: SessionTests.transports)
    func refused(transports: EngineIOClientConfiguration.Transports) async throws {
        try await EngineServer.run(authorize: { _ in .refuse(message: "members only") }) { server in
            let error = await self.problem(server.url, transports)
            #expect(error?.reason == .refused)
            #expect(error?.status?.code == 403)
            #expect(error?.body == #"{"code":4,"message":"members only"}"#)
            #expect(error?.headerFields[.contentType] == "application/json")
        }
    }

    @Test("Header fields of the configuration go with every request", arguments: SessionTests.transports)
    func headerFields(transports: EngineIOClientConfiguration.Transports) async throws {
        try await EngineServer.run(authorize: { request in
            request.head.headerFields[.authorization] == "Bearer x" ? .accept : .refuse
        }) { server in
            let client = EngineServer.client(transports) { $0.headerFields[.authorization] = "Bearer x" }
            try await client.withSession(to: server.url) { session in try await session.send("in") }
        }
    }

    @Test("Nobody there, and what is no URL")
    func nobody() async throws {
        #expect(await self.problem("http://127.0.0.1:1/engine.io/")?.reason == .network)
        #expect(await self.problem("ws://127.0.0.1:1/engine.io/", .webSocketOnly)?.reason == .network)
        #expect(await self.problem("ftp://x/")?.reason == .invalidURL)
    }

    @Test(
        "A server that speaks something else",
        arguments: [
            "hello", "4hello", "0", "0{}", #"0{"sid":"a b","upgrades":[],"pingInterval":1,"pingTimeout":1}"#,
            #"0{"sid":"a","upgrades":[],"pingInterval":0,"pingTimeout":1}"#, "",
        ])
    func invalid(body: String) async throws {
        try await TestServer.run(routes: { server in
            server.http("/engine.io/") { _ in ServerResponse(text: body) }
        }) { server in
            let error = await self.problem(server.url("/engine.io/", scheme: "http"))
            #expect(error?.reason == .invalidResponse)
        }
    }

    @Test("A WebSocket whose server never opens the session is given up in time")
    func silentWebSocket() async throws {
        try await TestServer.run(routes: { server in
            server.webSocket("/engine.io/") { (_: WebSocketConnection) -> Void in }
        }) { server in
            let error = await self.problem(server.url("/engine.io/"), .webSocketOnly) {
                $0.requestTimeout = .milliseconds(300)
            }
            #expect(error?.reason == .timedOut)
        }
    }

    @Test("A server that says nothing any more is given up after interval and timeout of its own")
    func silence() async throws {
        let gate = Gate()
        try await TestServer.run(routes: { server in
            server.http("/engine.io/") { request in
                guard request.query?.contains("sid") == true else {
                    return ServerResponse(text: #"0{"sid":"a","upgrades":[],"pingInterval":200,"pingTimeout":100}"#)
                }
                await gate.wait()
                return ServerResponse(text: "6")
            }
        }) { server in
            let error = await self.problem(server.url("/engine.io/", scheme: "http"))
            gate.open()
            #expect(error?.reason == .pingTimeout)
        }
    }
}
