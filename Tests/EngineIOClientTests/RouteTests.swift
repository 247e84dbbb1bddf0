import EngineIOClient
import EngineIOServer
import HTTPTypes
import Testing

/// Which way a client takes to its server.
@Suite(.timeLimit(.minutes(1))) struct RouteTests {
    @Test(
        "A proxy is asked for a tunnel to the server, whatever carries the session", arguments: SessionTests.transports)
    func proxy(transports: EngineIOClientConfiguration.Transports) async throws {
        try await RawListener.run { proxy in
            let client = EngineServer.client(transports) {
                $0.proxy = .all(Proxy(.http, host: "127.0.0.1", port: proxy.port, credentials: ("u", "p")))
            }
            async let outcome: Void = client.withSession(to: "http://nowhere.invalid/engine.io/") { _ in }
            let connection = try await proxy.accept()
            let head = try await connection.takeHead()
            #expect(head.hasPrefix("CONNECT nowhere.invalid:80 HTTP/1.1\r\n"))
            #expect(head.lowercased().contains("\r\nproxy-authorization: basic dtpw\r\n"))
            try await connection.send("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
            do {
                try await outcome
                Issue.record("there is a session")
            } catch let error as EngineIOClientError {
                // It is not the server that has refused.
                #expect(error.reason == .network)
            }
            connection.close()
        }
    }

    @Test("A host that the proxy is not for is connected to directly", arguments: SessionTests.transports)
    func exception(transports: EngineIOClientConfiguration.Transports) async throws {
        try await EngineServer.run { server in
            let client = EngineServer.client(transports) {
                $0.proxy = .all(Proxy(.http, host: "127.0.0.1", port: 1))
                $0.proxy?.exceptions = ["127.0.0.1"]
            }
            try await client.withSession(to: server.url) { session in try await session.send("x") }
        }
    }

    @Test(
        "A proxy that polling can't use is an error, instead of no proxy",
        arguments: ["https://127.0.0.1:1", "socks5://u:p@127.0.0.1:1"])
    func unusable(proxy: String) async throws {
        for (transports, reason) in [
            (.pollingThenWebSocket, .proxy), (.pollingOnly, .proxy), (.webSocketOnly, .network),
        ] as [(EngineIOClientConfiguration.Transports, EngineIOClientError.Reason)] {
            let client = EngineServer.client(transports) { $0.proxy = Proxy(proxy).map { .all($0) } }
            let error = await #expect(throws: EngineIOClientError.self) {
                try await client.withSession(to: "http://nowhere.invalid/engine.io/") { _ in }
            }
            #expect(error?.reason == reason)
        }
    }

    @Test("A name leads where the configuration says", arguments: SessionTests.transports)
    func resolve(transports: EngineIOClientConfiguration.Transports) async throws {
        try await EngineServer.run { server in
            let place = "nowhere.invalid:\(server.server.port)"
            let client = EngineServer.client(transports) { $0.resolve[place] = ["127.0.0.1"] }
            try await client.withSession(to: "http://\(place)/engine.io/") { session in try await session.send("x") }
        }
    }

    @Test("Who we are may stand in the URL", arguments: SessionTests.transports)
    func credentials(transports: EngineIOClientConfiguration.Transports) async throws {
        try await EngineServer.run(authorize: { request in
            request.head.headerFields[.authorization] == "Basic dTpw" ? .accept : .refuse
        }) { server in
            let url = "http://u:p@127.0.0.1:\(server.server.port)/engine.io/"
            try await EngineServer.client(transports).withSession(to: url) { session in try await session.send("x") }
        }
    }
}
