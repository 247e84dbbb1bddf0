import HTTPTypes
import NIOCore
import Testing
import WebSocketClient
import WebSocketServer

@Suite("Deciding about upgrades (§4.2.2)", .timeLimit(.minutes(1)))
struct UpgradeDecisionTests {
    struct DecisionFailed: Error {}

    private static func routes(_ server: inout WebSocketServer) {
        server.webSocket("/accept") { request in
            .accept(
                subprotocol: request.subprotocols.first { $0 == "chat.v2" },
                headerFields: [.setCookie: "session=1", .server: request.query ?? "none"]
            )
        } handler: { connection in
            try await connection.send(connection.handshake.subprotocol ?? "none")
            for try await _ in connection.messages {}
        }
        server.webSocket("/refuse") { request in
            .refuse(
                ServerResponse(
                    status: .unauthorized,
                    headerFields: [.wwwAuthenticate: "Basic realm=\"x\""],
                    body: ByteBuffer(string: "who are you?")
                )
            )
        } handler: { _ in
            Issue.record("a refused connection was opened")
        }
        server.webSocket("/throw") { _ in
            throw DecisionFailed()
        } handler: { _ in
            Issue.record("opened")
        }
        server.webSocket("/unoffered") { _ in
            .accept(subprotocol: "nobody.asked")
        } handler: { _ in
            Issue.record("opened")
        }
        server.webSocket("/reserved") { _ in
            .accept(headerFields: [.connection: "close"])
        } handler: { _ in
            Issue.record("opened")
        }
        server.echo()
        server.http("/hello") { _ in ServerResponse(text: "hello") }
    }

    @Test("Accepting with a subprotocol and header fields (§4.2.2)", .requirement(34, 37, 67, 81, 84, 85, 86, 87, 88))
    func accept() async throws {
        try await TestServer.run(routes: UpgradeDecisionTests.routes) { server in
            let client = TestServer.client { $0.subprotocols = ["chat.v3", "chat.v2"] }
            try await client.withConnection(to: server.url("/accept?a=b")) { connection in
                #expect(connection.handshake.subprotocol == "chat.v2")
                #expect(connection.handshake.response?.headerFields[.setCookie] == "session=1")
                #expect(connection.handshake.response?.headerFields[.server] == "a=b")
                for try await message in connection.messages {
                    #expect(message.text == "chat.v2")
                    break
                }
            }
        }
    }

    @Test("Without an agreed subprotocol there is no header for it (§4.2.2)", .requirement(82, 50))
    func noSubprotocol() async throws {
        try await TestServer.run(routes: UpgradeDecisionTests.routes) { server in
            let client = TestServer.client { $0.subprotocols = ["other"] }
            try await client.withConnection(to: server.url("/accept")) { connection in
                #expect(connection.handshake.subprotocol == nil)
                #expect(connection.handshake.response?.headerFields[.secWebSocketProtocol] == nil)
            }
            let strict = TestServer.client {
                $0.subprotocols = ["other"]
                $0.requiresSubprotocol = true
            }
            let error = await #expect(throws: ConnectError.self) { try await strict.connect(to: server.url("/accept")) }
            #expect(error?.handshakeFailure == .subprotocolMissing)
        }
    }

    @Test("A refusal reaches the client with status, fields and body (§4.1, §4.2.2)", .requirement(42, 74, 91))
    func refuse() async throws {
        try await TestServer.run(routes: UpgradeDecisionTests.routes) { server in
            let error = await #expect(throws: ConnectError.self) {
                try await TestServer.client().connect(to: server.url("/refuse"))
            }
            #expect(error?.reason == .refused)
            #expect(error?.response?.status == .unauthorized)
            #expect(error?.response?.headerFields[.wwwAuthenticate] == "Basic realm=\"x\"")
            #expect(error.map { String(buffer: $0.body) } == "who are you?")
            #expect(error?.isBodyTruncated == false)
        }
    }

    @Test("A refused connection goes on in HTTP and may still be upgraded (§4.2.2, RFC 9110 §7.8)", .requirement(91))
    func afterRefusal() async throws {
        try await TestServer.run(routes: UpgradeDecisionTests.routes) { server in
            let socket = try await RawSocket.connect(to: server.port)
            for path in ["/refuse", "/throw", "/refuse"] {
                try await socket.send(RawSocket.handshake(path: path))
                let response = try await socket.takeResponse()
                #expect(response.head.hasPrefix(path == "/refuse" ? "HTTP/1.1 401 " : "HTTP/1.1 500 "))
            }
            try await socket.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await socket.takeResponse().body == "hello")
            // The second request is there before the first is answered.
            try await socket.send(RawSocket.handshake(path: "/refuse") + RawSocket.handshake(path: "/"))
            #expect(try await socket.takeResponse().head.hasPrefix("HTTP/1.1 401 "))
            #expect(try await socket.takeHead().hasPrefix("HTTP/1.1 101 "))
            try await socket.send(RawFrame.text("finally").masked())
            #expect(try await socket.takeFrame() == .text("finally"))
            socket.close()
        }
    }

    @Test(
        "A decision that throws or can't be carried out is a 500 without internals (§10.7)", .requirement(81, 92, 191),
        arguments: ["/throw", "/unoffered", "/reserved"]
    )
    func failing(path: String) async throws {
        try await TestServer.run(routes: UpgradeDecisionTests.routes) { server in
            let error = await #expect(throws: ConnectError.self) {
                try await TestServer.client().connect(to: server.url(path))
            }
            #expect(error?.response?.status == .internalServerError)
            #expect(error.map { String(buffer: $0.body) }?.contains("Decision") == false)
        }
    }

    @Test("A decision that takes too long is a 503", .requirement(71))
    func slow() async throws {
        let gate = Gate()
        try await TestServer.run {
            $0.http.requestTimeout = .milliseconds(1000)
        } routes: { server in
            server.webSocket("/") { _ in
                await gate.wait()
                return .accept
            } handler: { _ in
                Issue.record("opened after its 503")
            }
        } _: { server in
            let error = await #expect(throws: ConnectError.self) {
                try await TestServer.client().connect(to: server.url())
            }
            #expect(error?.response?.status == .serviceUnavailable)
            gate.open()
        }
    }

    @Test("A client that leaves while the application decides is not opened", .requirement(162))
    func clientLeaves() async throws {
        let gate = Gate()
        let asked = Mailbox<Void>()
        try await TestServer.run { _ in
        } routes: { server in
            server.webSocket("/") { _ in
                asked.put(())
                await gate.wait()
                return .accept
            } handler: { _ in
                Issue.record("opened without a client")
            }
            server.http("/hello") { _ in ServerResponse(text: "hello") }
        } _: { server in
            let socket = try await RawSocket.connect(to: server.port)
            try await socket.send(RawSocket.handshake())
            try await asked.take()
            socket.close()
            // Another round trip, so that the server has seen the end of the first connection.
            let other = try await RawSocket.connect(to: server.port)
            try await other.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await other.takeResponse().body == "hello")
            gate.open()
        }
    }

    @Test("A path that nobody serves is a 404 (§4.2.2)", .requirement(80))
    func unknownPath() async throws {
        try await TestServer.run { server in
            let error = await #expect(throws: ConnectError.self) {
                try await TestServer.client().connect(to: server.url("/nowhere"))
            }
            #expect(error?.response?.status == .notFound)
        }
    }

    @Test(
        "Class 12: foreign origin. Foreign origins get 403, our own and none get in (§10.2)",
        .requirement(66, 75, 76, 77, 183))
    func origins() async throws {
        try await TestServer.run { server in
            let own = "http://127.0.0.1:\(server.port)"
            for (origin, isAllowed) in [
                (nil, true), (own, true), ("http://evil.example", false), ("null", false),
                (own + ".evil.example", false),
                ("https://127.0.0.1:\(server.port)", false), ("http://127.0.0.1", false),
            ] as [(String?, Bool)] {
                let client = TestServer.client { if let origin { $0.headerFields[.origin] = origin } }
                if isAllowed {
                    try await client.withConnection(to: server.url()) { _ in }
                } else {
                    let error = await #expect(throws: ConnectError.self) { try await client.connect(to: server.url()) }
                    #expect(error?.response?.status == .forbidden, "\(origin ?? "none")")
                }
            }
        }
    }
}
