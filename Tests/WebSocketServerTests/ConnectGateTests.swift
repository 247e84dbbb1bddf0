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
                    try await gate.pass("host:80", DialGuard()) {
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
            try await gate.pass("a:80", DialGuard()) {
                try await gate.pass("b:80", DialGuard()) {}
                throw Failed()
            }
        }
        try await gate.pass("a:80", DialGuard()) {}
    }

    @Test("Who waits does so no longer than may be, and the next moves up", .requirement(10, 21))
    func endOfWaiting() async throws {
        let gate = ConnectGate()
        let watch = DialGuard()
        let order = Mailbox<String>()
        try await gate.pass("a:80", DialGuard()) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(throws: CancellationError.self) {
                        try await gate.pass("a:80", watch) { order.put("who gave up") }
                    }
                }
                watch.end(.timedOut)
                // The one inside is still there.
                try await group.waitForAll()
                await #expect(throws: CancellationError.self) {
                    try await gate.pass("a:80", watch) { order.put("who comes too late") }
                }
            }
        }
        try await gate.pass("a:80", DialGuard()) { order.put("the next") }
        #expect(try await order.take() == "the next")
    }
}

private final class Tally: Sendable {
    let counts = NIOLockedValueBox((inside: 0, most: 0, all: 0))
}
