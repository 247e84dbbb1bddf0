import NIOCore
import Testing
import WebSocketServer

@testable import EngineIOServer

/// Clients that poll and do not read the answers.
@Suite(.timeLimit(.minutes(1))) struct UntakenAnswerTests {
    /// More than the kernel takes.
    private static let large = ByteBuffer(repeating: 0x61, count: 48 * 1024 * 1024)

    private static func poll(_ id: String) -> String {
        "GET /engine.io/?EIO=4&transport=polling&sid=\(id) HTTP/1.1\r\nHost: h\r\n\r\n"
    }

    /// A session with an answer on its way that nobody reads.
    private func start(_ server: TestServer, _ ends: EndingTests.Ends) async throws -> (EngineIOSession, RawSocket) {
        let id = try await Requests.connect(server).open()
        let session = try await ends.sessions.take()
        let socket = try await RawSocket.connect(to: server.port, reads: false)
        session.execute { $0.send(.text(Self.large)) }
        try await socket.send(Self.poll(id))
        while try await session.ask({ $0.queue.isEmpty }) == false { await Task.yield() }
        return (session, socket)
    }

    @Test("While an answer is on its way, the next poll waits, whichever connection it comes by")
    func oneAtATime() async throws {
        let ends = EndingTests.Ends()
        try await TestServer.runEngine(onSession: ends.onSession) { server in
            let (session, unread) = try await self.start(server, ends)
            session.execute { $0.send(.text("second")) }
            let other = try await RawSocket.connect(to: server.port)
            try await other.send(Self.poll(session.id))
            let waits = { @Sendable (session: EngineIOSession) in session.poll != nil }
            while try await session.ask({ !waits($0) && !$0.queue.isEmpty }) { await Task.yield() }
            let isWaiting = try await session.ask { waits($0) && !$0.isWritable }
            #expect(isWaiting)
            try await unread.startReading()
            #expect(try await unread.takeResponse().body.utf8.count == Self.large.readableBytes + 1)
            #expect(try await other.takeResponse().body == "4second")
        }
    }

    @Test("A session that is given up takes the answer along that is on its way")
    func givenUp() async throws {
        let ends = EndingTests.Ends()
        try await TestServer.runEngine(
            configure: { $0.outboundQueueByteCount = 1000 }, onSession: ends.onSession
        ) { server in
            let (session, unread) = try await self.start(server, ends)
            session.execute { session in
                for _ in 0..<2 { session.send(.text(ByteBuffer(repeating: 0x61, count: 600))) }
            }
            #expect(try await ends.reasons.take() == .transportError)
            try await unread.startReading()
            #expect(try await unread.takeRest().count < Self.large.readableBytes)
        }
    }
}
