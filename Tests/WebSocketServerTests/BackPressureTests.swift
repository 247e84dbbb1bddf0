import NIOConcurrencyHelpers
import NIOCore
import Testing
import WebSocketClient
import WebSocketServer

@Suite("Peers that do not read (§10.4)", .timeLimit(.minutes(1)))
struct BackPressureTests {
    private static let payload = ByteBuffer(repeating: 7, count: 64 * 1024)
    private static let messageCount = 400

    /// A server that sends 25 MiB to whoever connects, and counts how many messages `send` has let pass.
    private func flood(
        _ body: (TestServer, _ sentCount: @escaping @Sendable () -> Int, Mailbox<WebSocketConnection>) async throws ->
            Void
    ) async throws {
        let counter = Counter()
        let connections = Mailbox<WebSocketConnection>()
        try await TestServer.run { _ in
        } routes: { server in
            server.webSocket("/") { connection in
                connections.put(connection)
                for _ in 0..<BackPressureTests.messageCount {
                    try await connection.send(BackPressureTests.payload)
                    counter.count.withLockedValue { $0 += 1 }
                }
            }
        } _: { server in
            try await body(server, { counter.count.withLockedValue { $0 } }, connections)
        }
    }

    private final class Counter: Sendable {
        let count = NIOLockedValueBox(0)
    }

    /// Waits until the count stands still: there is no event for "nothing happens any more".
    private func settled(_ count: () -> Int) async throws -> Int {
        var last = -1
        var stillness = 0
        while stillness < 5 {
            try await Task.sleep(for: .milliseconds(60))
            let now = count()
            stillness = now == last && now > 0 ? stillness + 1 : 0
            last = now
        }
        return last
    }

    @Test("send suspends, memory stays bounded, and everything arrives once the peer reads", .requirement(145, 293))
    func suspension() async throws {
        try await self.flood { server, sentCount, connections in
            let socket = try await RawSocket.open(server.port, reads: false)
            let connection = try await connections.take()
            let stalledAt = try await self.settled(sentCount)
            #expect(stalledAt < BackPressureTests.messageCount, "the kernel's buffers do not hold 25 MiB")
            let waiting = try await connection.eventLoop.submit { connection.handler.outboundByteCount }.get()
            // The mark of 64 KiB, the message that crossed it, and the one whose sender waits.
            #expect(waiting <= 4 * 64 * 1024)
            try await socket.startReading()
            #expect(try await socket.takeHead().hasPrefix("HTTP/1.1 101 "))
            for _ in 0..<BackPressureTests.messageCount {
                let frame = try await socket.takeFrame()
                #expect(frame.opcode == 2 && frame.payload.count == 64 * 1024)
            }
            #expect(try await socket.takeFrame() == .close(1000))
            socket.close()
        }
    }

    @Test("A sender that waits for a peer is told when the peer goes", .requirement(145, 293))
    func peerGoes() async throws {
        try await self.flood { server, sentCount, connections in
            let socket = try await RawSocket.open(server.port, reads: false)
            let connection = try await connections.take()
            _ = try await self.settled(sentCount)
            socket.close()
            let outcome = await connection.closed
            #expect(outcome.code == .abnormalClosure)
        }
    }

    @Test("A client that takes its time slows the server down to its pace, without loss", .requirement(294))
    func slowApplication() async throws {
        try await self.flood { server, sentCount, connections in
            let connection = try await TestServer.client().connect(to: server.url())
            let stalledAt = try await self.settled(sentCount)
            #expect(stalledAt < BackPressureTests.messageCount)
            var byteCount = 0
            for try await message in connection.messages { byteCount += message.bytes.readableBytes }
            #expect(byteCount == BackPressureTests.messageCount * 64 * 1024)
        }
    }

    @Test("A sender that waits can be cancelled, from any task, at any moment", .requirement(293))
    func cancelledSender() async throws {
        try await self.flood { server, sentCount, connections in
            let socket = try await RawSocket.open(server.port, reads: false)
            let connection = try await connections.take()
            _ = try await self.settled(sentCount)
            for round in 0..<200 {
                let task = Task {
                    for _ in 0..<round % 5 { await Task.yield() }
                    try await connection.send("x")
                }
                if round % 3 > 0 { for _ in 0..<round % 7 { await Task.yield() } }
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
            }
            socket.close()
        }
    }

    @Test("A peer that floods us with pings and never reads costs one pong (§5.5.3)", .requirement(131, 133))
    func pingFlood() async throws {
        try await self.flood { server, sentCount, connections in
            let socket = try await RawSocket.open(server.port, reads: false)
            let connection = try await connections.take()
            _ = try await self.settled(sentCount)
            let before = try await connection.eventLoop.submit { connection.handler.outboundByteCount }.get()
            let ping = RawFrame.ping([UInt8](repeating: 1, count: 125)).masked().bytes
            for _ in 0..<100 { try await socket.send((0..<100).flatMap { _ in ping }) }
            let after = try await connection.eventLoop.submit { connection.handler.outboundByteCount }.get()
            #expect(after <= before + 1000)
            socket.close()
        }
    }
}
