import NIOCore
import Testing
import WebSocketClient
import WebSocketServer

@Suite("A client's HTTP/2 connection when not all goes well (RFC 9113, RFC 8441)", .timeLimit(.minutes(1)))
struct HTTP2ClientTests {
    private let client = TestServer.client { $0.httpVersions = .http2 }

    /// Answers the next request on a connection with 200.
    private func accept(on socket: RawSocket) async throws {
        try await socket.send(.accept(try await socket.takeHTTP2(RawHTTP2Frame.Kind.headers).stream))
    }

    /// A connection with a WebSocket on stream 1 that is open.
    private func withFirst(_ body: (RawListener, RawSocket, WebSocketConnection, _ url: String) async throws -> Void)
        async throws
    {
        try await RawListener.run { listener in
            let url = "ws://127.0.0.1:\(listener.port)/"
            async let connecting = self.client.connect(to: url)
            let socket = try await listener.accept()
            try await socket.beginHTTP2()
            try await self.accept(on: socket)
            let first = try await connecting
            try await body(listener, socket, first, url)
            socket.close()
        }
    }

    private func expectAlive(_ connection: WebSocketConnection, _ socket: RawSocket, stream: UInt32) async throws {
        try await socket.send(.webSocket(.text("still here"), on: stream))
        for try await message in connection.messages {
            #expect(message.text == "still here")
            return
        }
        Issue.record("the connection has ended")
    }

    @Test("An error of one stream is the end of its WebSocket only (§5.4.2)", .requirement(252, 256))
    func streamError() async throws {
        try await self.withFirst { _, socket, first, url in
            async let connecting = self.client.connect(to: url)
            try await self.accept(on: socket)
            let second = try await connecting
            // An increment of nothing is a stream error (§6.9).
            try await socket.send(
                RawHTTP2Frame(type: RawHTTP2Frame.Kind.windowUpdate, stream: 3, payload: RawHTTP2Frame.integer(0)))
            let reset = try await socket.takeHTTP2(RawHTTP2Frame.Kind.reset)
            #expect(reset == .reset(3, code: 1))
            #expect(await second.closed.code == .abnormalClosure)
            try await self.expectAlive(first, socket, stream: 1)
        }
    }

    @Test(
        "An error of the connection is the end of all its WebSockets, and of the connection (§5.4.1)", .requirement(252)
    )
    func connectionError() async throws {
        try await self.withFirst { _, socket, first, _ in
            // DATA without a stream.
            try await socket.send(RawHTTP2Frame(type: RawHTTP2Frame.Kind.data, payload: [0]))
            let goAway = try await socket.takeHTTP2(RawHTTP2Frame.Kind.goAway)
            #expect(Array(goAway.payload[4..<8]) == RawHTTP2Frame.integer(1))
            #expect(await first.closed.code == .abnormalClosure)
            _ = try await socket.takeRest()
        }
    }

    @Test("A stream that the server refuses to look at is asked for once more, on a connection of its own (§8.7)")
    func refused() async throws {
        try await self.withFirst { listener, socket, first, url in
            async let connecting = self.client.connect(to: url)
            let request = try await socket.takeHTTP2(RawHTTP2Frame.Kind.headers)
            try await socket.send(.reset(request.stream, code: 7))
            let other = try await listener.accept()
            try await other.beginHTTP2()
            try await self.accept(on: other)
            let second = try await connecting
            try await self.expectAlive(second, other, stream: 1)
            try await self.expectAlive(first, socket, stream: 1)
            other.close()
        }
    }

    @Test("Refused on a fresh connection as well, it is an error that may heal (§8.7)")
    func refusedTwice() async throws {
        try await RawListener.run { listener in
            let client = self.client
            let connecting = Task { try await client.connect(to: "ws://127.0.0.1:\(listener.port)/") }
            let socket = try await listener.accept()
            try await socket.beginHTTP2()
            try await socket.send(.reset(try await socket.takeHTTP2(RawHTTP2Frame.Kind.headers).stream, code: 7))
            let error = await #expect(throws: ConnectError.self) { try await connecting.value }
            #expect(error?.reason == .network)
            #expect(error?.isPermanent == false)
            _ = try await socket.takeRest()
            socket.close()
        }
    }

    @Test("What the server goes away from is asked for elsewhere; what it has goes on (§6.8)", .requirement(258))
    func goAway() async throws {
        try await self.withFirst { listener, socket, first, url in
            async let connecting = self.client.connect(to: url)
            _ = try await socket.takeHTTP2(RawHTTP2Frame.Kind.headers)
            try await socket.send(.goAway(lastStream: 1))
            let other = try await listener.accept()
            try await other.beginHTTP2()
            try await self.accept(on: other)
            let second = try await connecting
            try await self.expectAlive(second, other, stream: 1)
            try await self.expectAlive(first, socket, stream: 1)
            other.close()
        }
    }

    @Test("Beyond the streams that a server allows there is a further connection (§5.1.2)", .requirement(257))
    func concurrency() async throws {
        try await self.withFirst { listener, socket, first, url in
            let one: [UInt8] = [0, 3, 0, 0, 0, 1]
            try await socket.send(RawHTTP2Frame(type: RawHTTP2Frame.Kind.settings, payload: one))
            // It has been looked at when this comes.
            try await self.expectAlive(first, socket, stream: 1)
            async let connecting = self.client.connect(to: url)
            let other = try await listener.accept()
            try await other.beginHTTP2()
            try await self.accept(on: other)
            try await self.expectAlive(try await connecting, other, stream: 1)
            other.close()
        }
    }

    @Test("Where a server said nothing in time, nobody else waits for it", .requirement(21))
    func silent() async throws {
        let client = TestServer.client {
            $0.httpVersions = .http2
            $0.connectTimeout = .seconds(5)
        }
        try await RawListener.run { listener in
            let url = "ws://127.0.0.1:\(listener.port)/"
            async let connecting = client.connect(to: url)
            let socket = try await listener.accept()
            try await socket.beginHTTP2()
            try await self.accept(on: socket)
            _ = try await connecting
            let error = await #expect(throws: ConnectError.self) { try await client.connect(to: url) }
            #expect(error?.reason == .timedOut)
            async let again = client.connect(to: url)
            let other = try await listener.accept()
            try await other.beginHTTP2()
            try await self.accept(on: other)
            try await self.expectAlive(try await again, other, stream: 1)
            socket.close()
            other.close()
        }
    }
}
