import Testing
import WebSocketClient
import WebSocketServer

@Suite("Closing from many places at once (§7)", .timeLimit(.minutes(1)))
struct CloseStormTests {
    @Test(
        "Class 10: close races. Many tasks of both sides send and close at once: one end, the same for all",
        .requirement(149, 152))
    func class10CloseStorm() async throws {
        let outcomes = Mailbox<CloseOutcome>()
        // Enough for a busy machine: who is not done in time is dropped, which is no clean end.
        try await TestServer.run {
            $0.connection.closeTimeout = .seconds(30)
        } routes: { server in
            server.webSocket("/") { connection in
                let ends = await CloseStormTests.storm(connection, 4000)
                for end in ends { outcomes.put(end) }
            }
        } _: { server in
            for round in 0..<30 {
                let client = TestServer.client { $0.connection.closeTimeout = .seconds(30) }
                let connection = try await client.connect(to: server.url())
                let ours = await CloseStormTests.storm(connection, UInt16(4100 + round))
                let end = try #require(ours.first)
                #expect(ours.count == 1, "every task hears of the same end")
                #expect(end.wasClean && end.sent != nil && end.received != nil)
                let theirs = try await outcomes.take()
                #expect(theirs.wasClean && theirs.sent == end.received && theirs.received == end.sent)
            }
        }
    }

    /// Eight tasks send, and close with codes of their own. How it ended, as each of them sees it.
    private static func storm(_ connection: WebSocketConnection, _ code: UInt16) async -> Set<CloseOutcome> {
        await withTaskGroup(of: CloseOutcome.self) { group in
            for number in 0..<8 {
                group.addTask {
                    for _ in 0..<(number % 4) {
                        try? await connection.send("storm")
                        try? await connection.send([UInt8](repeating: 0, count: 20_000))
                    }
                    _ = try? await connection.close(
                        code: CloseCode(rawValue: code + UInt16(number) * 100), reason: "storm")
                    return await connection.closed
                }
            }
            return await group.reduce(into: []) { $0.insert($1) }
        }
    }
}
