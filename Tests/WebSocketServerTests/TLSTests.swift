import HTTPTypes
import NIOCore
import NIOSSL
import Testing
import WebSocketClient
import WebSocketServer

@Suite("TLS (§4.1 step 5, §10.6)", .timeLimit(.minutes(1)))
struct TLSTests {
    private func serve(
        _ certificate: TestCertificate = .localhost,
        host: String = "127.0.0.1",
        _ body: (TestServer) async throws -> Void
    ) async throws {
        try await TestServer.run {
            $0.tls = try certificate.server()
            $0.host = host
            $0.http.requestTimeout = .seconds(5)
        } _: { server in
            try await body(server)
        }
    }

    @Test("wss: echo, small and 1 MiB, by name, IPv4 and IPv6 address (§10.6)", .requirement(16, 17, 18, 73, 190))
    func echo() async throws {
        for (host, name) in [("127.0.0.1", "localhost"), ("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")] {
            try await self.serve(host: host) { server in
                let client = try TestServer.client { $0.tls = try TestCertificate.localhost.client() }
                try await client.withConnection(to: "wss://\(name):\(server.port)/") { connection in
                    #expect(connection.handshake.isSecure)
                    for payload in [ByteBuffer(string: "secret"), ByteBuffer(repeating: 9, count: 1 << 20)] {
                        try await connection.send(payload)
                        for try await message in connection.messages {
                            #expect(message.bytes == payload)
                            break
                        }
                    }
                }
            }
        }
    }

    @Test("A certificate that nobody vouches for is refused by default (§4.1 step 5)", .requirement(16, 19))
    func unknownCertificate() async throws {
        try await self.serve { server in
            let error = await #expect(throws: ConnectError.self) {
                try await TestServer.client().connect(to: "wss://localhost:\(server.port)/")
            }
            #expect(error?.reason == .tls)
        }
    }

    @Test(
        "Class 16: host name. A certificate for another name is refused, although it is trusted (RFC 9110 §4.3.4)",
        .requirement(16, 19))
    func wrongName() async throws {
        try await self.serve(.other) { server in
            let client = try TestServer.client { $0.tls = try TestCertificate.other.client() }
            for name in ["localhost", "127.0.0.1"] {
                let error = await #expect(throws: ConnectError.self) {
                    try await client.connect(to: "wss://\(name):\(server.port)/")
                }
                #expect(error?.reason == .tls, "\(name)")
            }
        }
    }

    @Test("wss to a port that speaks no TLS, and ws to one that does (§4.1 step 5)", .requirement(16, 73))
    func mixedUp() async throws {
        try await TestServer.run { server in
            let error = await #expect(throws: ConnectError.self) {
                try await TestServer.client().connect(to: "wss://localhost:\(server.port)/")
            }
            #expect(error?.reason == .tls)
        }
        try await self.serve { server in
            let error = await #expect(throws: ConnectError.self) {
                try await TestServer.client().connect(to: "ws://localhost:\(server.port)/")
            }
            #expect(error?.reason == .network || error?.reason == .invalidResponse)
        }
    }

    @Test("A refusal over TLS carries its response (§4.1)", .requirement(42))
    func refusal() async throws {
        try await self.serve { server in
            let client = try TestServer.client { $0.tls = try TestCertificate.localhost.client() }
            let error = await #expect(throws: ConnectError.self) {
                try await client.connect(to: "wss://localhost:\(server.port)/nowhere")
            }
            #expect(error?.response?.status == .notFound)
        }
    }

    @Test("Both sides close in order over TLS (§7.1.1)", .requirement(149, 153))
    func closing() async throws {
        let outcomes = Mailbox<CloseOutcome>()
        try await TestServer.run {
            $0.tls = try TestCertificate.localhost.server()
        } routes: { server in
            server.webSocket("/server") { connection in
                connection.onClose { outcomes.put($0) }
                try await connection.close(code: 4002)
            }
            server.webSocket("/client") { connection in
                connection.onClose { outcomes.put($0) }
                for try await _ in connection.messages {}
            }
        } _: { server in
            let client = try TestServer.client {
                $0.tls = try TestCertificate.localhost.client()
                $0.connection.closeTimeout = .seconds(10)
            }
            let start = ContinuousClock.now
            let first = try await client.connect(to: "wss://localhost:\(server.port)/client")
            #expect(try await first.close(code: 4001).wasClean)
            #expect(try await outcomes.take().code == 4001)
            let second = try await client.connect(to: "wss://localhost:\(server.port)/server")
            #expect(await second.closed.code == 4002)
            #expect(try await outcomes.take().wasClean)
            #expect(ContinuousClock.now - start < .seconds(8), "no side waits for its deadline")
        }
    }

    @Test(
        "TLS may begin while the server runs: new connections get it, those that are open go on", .requirement(16, 73))
    func later() async throws {
        let (arriving, arrive) = AsyncStream.makeStream(of: Int.self)
        var server = WebSocketServer(
            configuration: ServerConfiguration(host: "127.0.0.1", port: 0), logger: TestServer.quiet)
        server.echo()
        server.onListening { arrive.yield($0.port ?? 0) }
        try await withThrowingTaskGroup(of: Void.self) { [server] group in
            group.addTask { try await server.run() }
            for await port in arriving.prefix(1) {
                let plain = try await TestServer.client().connect(to: "ws://127.0.0.1:\(port)/")
                try server.replaceTLS(TestCertificate.localhost.server())
                for versions in [HTTPVersions.http1, .http2] {
                    let client = try TestServer.client {
                        $0.tls = try TestCertificate.localhost.client()
                        $0.httpVersions = versions
                    }
                    let secure = try await client.connect(to: "wss://localhost:\(port)/")
                    for connection in [secure, plain] {
                        let payload = ByteBuffer(repeating: 9, count: 1 << 20)
                        try await connection.send(payload)
                        for try await message in connection.messages {
                            #expect(message.bytes == payload)
                            break
                        }
                    }
                }
            }
            group.cancelAll()
        }
    }

    @Test("A violation over TLS still brings its Close frame (§7.1.7)", .requirement(159, 191))
    func violation() async throws {
        try await self.serve { server in
            let client = try TestServer.client { $0.tls = try TestCertificate.localhost.client() }
            let connection = try await client.connect(to: "wss://localhost:\(server.port)/")
            try? await connection.send([UInt8](repeating: 0, count: (1 << 20) + 1))
            #expect(await connection.closed.code == .messageTooBig)
        }
    }
}
