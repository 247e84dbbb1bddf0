import NIOConcurrencyHelpers
import Testing

@testable import WebSocketClient

@Suite("One connection at a time is opened to a host and port (§4.1)", .timeLimit(.minutes(1)))
struct ConnectGateTests {
    @Test("Of many that want in, one is inside, and all get their turn", .requirement(10))
    func oneAtATime() async throws {
        let gate = ConnectGate()
        let tally = Tally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await gate.pass("host:80") {
                        tally.counts.withLockedValue {
                            $0.inside += 1
                            $0.all += 1
                            $0.most = max($0.most, $0.inside)
                        }
                        for _ in 0..<10 { await Task.yield() }
                        tally.counts.withLockedValue { $0.inside -= 1 }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(tally.counts.withLockedValue { $0.all } == 20)
        #expect(tally.counts.withLockedValue { $0.most } == 1)
    }

    @Test("Another host does not wait, and a failure makes way", .requirement(10))
    func others() async throws {
        struct Failed: Error {}
        let gate = ConnectGate()
        await #expect(throws: Failed.self) {
            try await gate.pass("a:80") {
                try await gate.pass("b:80") {}
                throw Failed()
            }
        }
        try await gate.pass("a:80") {}
    }
}

private final class Tally: Sendable {
    let counts = NIOLockedValueBox((inside: 0, most: 0, all: 0))
}
