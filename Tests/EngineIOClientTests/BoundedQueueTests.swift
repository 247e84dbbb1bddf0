import Testing

@testable import EngineIOClient

@Suite(.timeLimit(.minutes(1))) struct BoundedQueueTests {
    @Test("What is too big waits behind an element that costs nothing, and is put in when that is taken")
    func waitingBehindNothing() async throws {
        let queue = BoundedQueue<String>(capacity: 10)
        queue.putNow("pong")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await queue.put("big", cost: 11) }
            // It waits, instead of asking again and again.
            while queue.waitingProducerCount == 0 { await Task.yield() }
            #expect(try await queue.next() == "pong")
            #expect(try await queue.next() == "big")
            try await group.waitForAll()
        }
    }

    @Test("The last element comes after those before it, and nothing after it")
    func last() async throws {
        struct Over: Error {}
        let queue = BoundedQueue<String>(capacity: 10)
        try await queue.put("first", cost: 10)
        queue.finish(with: "last", throwing: Over())
        queue.finish(with: "again")
        queue.putNow("late")
        await #expect(throws: Over.self) { try await queue.put("late", cost: 1) }
        #expect(try await queue.next() == "first")
        #expect(try await queue.next() == "last")
        await #expect(throws: Over.self) { try await queue.next() }
    }

    @Test("Who waits for room is told of the end")
    func endWhileWaiting() async throws {
        struct Over: Error {}
        let queue = BoundedQueue<String>(capacity: 10)
        try await queue.put("first", cost: 10)
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await queue.put("second", cost: 1) }
            while queue.waitingProducerCount == 0 { await Task.yield() }
            queue.finish(throwing: Over())
            await #expect(throws: Over.self) { try await group.next() }
        }
    }
}
