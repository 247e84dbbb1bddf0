import NIOCore
import Testing
import WebSocketClient
import WebSocketServer

@Suite("Closing over real sockets (§7)", .timeLimit(.minutes(1)))
struct ClosingTests {
    struct HandlerFailed: Error {}

    /// A server that reports how each of its connections ended.
    private func serve(
        closeTimeout: Duration = .seconds(10),
        _ handler: @escaping @Sendable (WebSocketConnection) async throws -> Void,
        _ body: (TestServer, Mailbox<CloseOutcome>) async throws -> Void
    ) async throws {
        let outcomes = Mailbox<CloseOutcome>()
        try await TestServer.run {
            $0.connection.closeTimeout = closeTimeout
        } routes: { server in
            server.webSocket("/") { connection in
                connection.onClose { outcomes.put($0) }
                try await handler(connection)
            }
        } _: { server in
            try await body(server, outcomes)
        }
    }

    private static let reading: @Sendable (WebSocketConnection) async throws -> Void = { connection in
        for try await _ in connection.messages {}
    }

    @Test(
        "The client closes: both sides know both payloads and who began (§7.1.4–7.1.6)",
        .requirement(127, 152, 153, 154, 155, 156))
    func clientCloses() async throws {
        try await self.serve(ClosingTests.reading) { server, outcomes in
            let connection = try await TestServer.client().connect(to: server.url())
            let ours = try await connection.close(code: 4567, reason: "ciao")
            let theirs = try await outcomes.take()
            #expect(ours.sent == ClosePayload(uncheckedCode: 4567, reason: "ciao"))
            #expect(ours.received == ClosePayload(uncheckedCode: 4567, reason: ""))
            #expect(ours.initiator == .local)
            #expect(theirs.received == ours.sent)
            #expect(theirs.sent == ours.received)
            #expect(theirs.initiator == .remote)
            #expect(ours.wasClean && theirs.wasClean)
        }
    }

    @Test("The server's handler returns: 1000; the server ends TCP (§7.1.1, §7.4.1)", .requirement(150, 173))
    func handlerReturns() async throws {
        try await self.serve { _ in
        } _: { server, outcomes in
            let socket = try await RawSocket.open(server.port)
            #expect(try await socket.takeFrame() == .close(1000))
            try await socket.send(RawFrame.close(1000).masked())
            #expect(try await socket.takeRest().isEmpty, "we have not closed our side")
            socket.close()
            #expect(try await outcomes.take().wasClean)
        }
    }

    @Test(
        "The server's handler throws, be it the end of another connection: 1011 without a word about why (§7.4.1)",
        .requirement(159, 173), arguments: [HandlerFailed(), ConnectionClosedError(outcome: nil)] as [any Error])
    func handlerThrows(_ failure: any Error) async throws {
        try await self.serve { _ in
            throw failure
        } _: { server, outcomes in
            let connection = try await TestServer.client().connect(to: server.url())
            let outcome = await connection.closed
            #expect(outcome.code == .internalError)
            #expect(outcome.reason == "")
            #expect(try await outcomes.take().sent?.code == .internalError)
        }
    }

    @Test(
        "withConnection closes with 1000 when its body returns, with 1001 when it throws (§7.4.1)",
        .requirement(161, 173))
    func withConnection() async throws {
        try await self.serve(ClosingTests.reading) { server, outcomes in
            let value = try await TestServer.client().withConnection(to: server.url()) { _ in 42 }
            #expect(value == 42)
            #expect(try await outcomes.take().received?.code == .normalClosure)
            await #expect(throws: HandlerFailed.self) {
                try await TestServer.client().withConnection(to: server.url()) { _ in throw HandlerFailed() }
            }
            #expect(try await outcomes.take().received?.code == .goingAway)
        }
    }

    @Test("withConnection leaves no connection when its task is cancelled", .requirement(161))
    func withConnectionCancelled() async throws {
        try await self.serve(ClosingTests.reading) { server, outcomes in
            let opened = Mailbox<Void>()
            let task = Task {
                try await TestServer.client().withConnection(to: server.url()) { connection in
                    opened.put(())
                    for try await _ in connection.messages {}
                }
            }
            try await opened.take()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await outcomes.take().received?.code == .goingAway)
        }
    }

    @Test("A body that returns while the server floods it still closes in order (§7.1.1)", .requirement(149, 153))
    func closeUnderFlood() async throws {
        try await self.serve { connection in
            let payload = ByteBuffer(repeating: 1, count: 60_000)
            while true { try await connection.send(payload) }
        } _: { server, outcomes in
            let connection = try await TestServer.client {
                $0.connection.receiveHighMark = .init(byteCount: 100_000, messageCount: 100)
                $0.connection.closeTimeout = .seconds(10)
            }.connect(to: server.url())
            for try await _ in connection.messages { break }
            #expect(try await connection.close().wasClean)
            #expect(try await outcomes.take().wasClean)
        }
    }

    @Test("A peer that never answers Close is dropped at the deadline (§7.1.1)", .requirement(165))
    func noAnswer() async throws {
        try await self.serve(closeTimeout: .milliseconds(300)) { connection in
            try await connection.close(code: 4000)
        } _: { server, outcomes in
            let socket = try await RawSocket.open(server.port)
            #expect(try await socket.takeFrame() == .close(4000))
            let outcome = try await outcomes.take()
            #expect(outcome.sent?.code == 4000)
            #expect(outcome.received == nil)
            #expect(outcome.code == .abnormalClosure)
            #expect(try await socket.takeRest().isEmpty)
        }
    }

    @Test("A server that never ends TCP is left by the client at its deadline (§7.1.1)", .requirement(151, 165))
    func serverNeverEnds() async throws {
        try await RawListener.run { listener in
            async let connecting = TestServer.client { $0.connection.closeTimeout = .seconds(5) }
                .connect(to: "ws://127.0.0.1:\(listener.port)/")
            let socket = try await listener.acceptWebSocket()
            let connection = try await connecting
            async let closing = connection.close(code: 4000)
            #expect(try await socket.takeFrame().unmasked == .close(4000))
            try await socket.send(RawFrame.close(4000))
            let outcome = try await closing
            #expect(outcome.wasClean)
            #expect(try await socket.takeRest().isEmpty)
            socket.close()
        }
    }

    @Test("TCP ends without a word: 1006 on the other side (§7.1.5)", .requirement(155, 157))
    func brokenOff() async throws {
        try await self.serve(ClosingTests.reading) { server, outcomes in
            let socket = try await RawSocket.open(server.port)
            try await socket.send(RawFrame.text("half", isFinal: false).masked())
            socket.close()
            let outcome = try await outcomes.take()
            #expect(outcome.code == .abnormalClosure)
            #expect(outcome.sent == nil && outcome.received == nil)
        }
    }

    @Test(
        "A violation arrives as a Close frame although the peer had more under way (§7.1.1, §7.1.7)",
        .requirement(149, 159, 191))
    func violationUnderFlood() async throws {
        try await self.serve(ClosingTests.reading) { server, outcomes in
            let socket = try await RawSocket.open(server.port)
            try await socket.send(RawFrame.text("not masked").bytes + [UInt8](repeating: 7, count: 3_000_000))
            #expect(try await socket.takeFrame() == .close(1002, "frame from a client is not masked"))
            #expect(try await socket.takeRest().isEmpty)
            socket.close()
            #expect(try await outcomes.take().violation == .unmaskedFrame)
        }
    }
}

extension RawListener {
    /// Accepts the next connection and answers its handshake as a server would.
    func acceptWebSocket() async throws -> RawSocket {
        let socket = try await self.accept()
        try await socket.send(RawListener.acceptance(of: try await socket.takeHead()))
        return socket
    }

    static func acceptance(of head: String, fields: [String] = []) throws -> String {
        let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("sec-websocket-key:") }
        guard let value = line?.split(separator: " ").last, let key = HandshakeKey(received: String(value)) else {
            throw RawSocketError(description: "no key in \(head)")
        }
        let lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        return (lines + ["Sec-WebSocket-Accept: \(key.acceptValue)"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
    }
}
