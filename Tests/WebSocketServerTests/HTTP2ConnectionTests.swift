import NIOCore
import Testing
import WebSocketClient
import WebSocketServer

@Suite("The life of a connection of HTTP/2 (RFC 9113 §9.1)", .timeLimit(.minutes(1)))
struct HTTP2ConnectionTests {
    @Test("One on which no request comes is told to go when the time for a request is over", .requirement(71, 257))
    func noRequest() async throws {
        try await TestServer.run {
            $0.http.requestTimeout = .milliseconds(300)
            $0.connection.closeTimeout = .milliseconds(200)
        } _: { server in
            let socket = try await RawSocket.connect(to: server.port)
            try await socket.send(HTTP2Bytes.opening)
            #expect(HTTP2Bytes.goAwayCodes(in: try await socket.takeRest()) == [0])
        }
    }

    @Test("A client that answers no PING is closed, and its WebSockets hear of it (§6.7)", .requirement(257, 258))
    func deadClient() async throws {
        let outcomes = Mailbox<CloseOutcome>()
        try await TestServer.run {
            $0.http.requestTimeout = .milliseconds(300)
            $0.http.http2PingInterval = .milliseconds(200)
        } routes: { server in
            server.webSocket("/") { (connection: WebSocketConnection) -> Void in
                connection.onClose { outcomes.put($0) }
            }
        } _: { server in
            let socket = try await RawSocket.connect(to: server.port)
            try await socket.send(HTTP2Bytes.opening + HTTP2Bytes.connect(stream: 1) + HTTP2Bytes.connect(stream: 3))
            let rest = try await socket.takeRest()
            #expect(HTTP2Bytes.goAwayCodes(in: rest).allSatisfy { $0 == 0 })
            for _ in 0..<2 { #expect(try await outcomes.take().wasClean == false) }
        }
    }

    @Test("With a WebSocket on it it may be idle for as long as its client answers", .requirement(257, 258))
    func idle() async throws {
        try await TestServer.run {
            // Long enough for a busy machine to open the WebSocket.
            $0.http.idleTimeout = .milliseconds(500)
            $0.http.http2PingInterval = .milliseconds(500)
            $0.http.requestTimeout = .seconds(5)
        } _: { server in
            let client = TestServer.client { $0.httpVersions = .http2 }
            try await client.withConnection(to: server.url()) { connection in
                try await Task.sleep(for: .milliseconds(1_500))
                try await connection.send("still here")
                for try await message in connection.messages {
                    #expect(message.text == "still here")
                    break
                }
            }
        }
    }

    @Test("Streams may be reset so often, by a trusted proxy more often (RFC 9113 §10.5)", .requirement(257))
    func resets() async throws {
        for (trusted, isClosed) in [([], true), (["127.0.0.1"], false)] {
            try await TestServer.run {
                $0.http.maximumStreamResetCount = 3
                $0.trustedProxies = TrustedProxies(trusted)
            } routes: { server in
                server.otherwise { _ in ServerResponse() }
            } _: { server in
                let socket = try await RawSocket.connect(to: server.port)
                var bytes = HTTP2Bytes.opening
                for stream in stride(from: UInt8(1), through: 15, by: 2) {
                    bytes += HTTP2Bytes.get(stream: stream)
                    bytes += HTTP2Bytes.frame(HTTP2Bytes.resetStream, stream: stream, [0, 0, 0, 8])
                }
                // Somebody who has had enough says so, and closes.
                bytes += HTTP2Bytes.frame(RawHTTP2Frame.Kind.goAway, [0, 0, 0, 0, 0, 0, 0, 0])
                try await socket.send(bytes)
                if isClosed {
                    #expect(HTTP2Bytes.goAwayCodes(in: try await socket.takeRest()) == [11])
                } else {
                    try await socket.closeOutput()
                    #expect(HTTP2Bytes.goAwayCodes(in: try await socket.takeRest()) == [])
                }
            }
        }
    }
}
