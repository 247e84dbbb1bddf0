import NIOCore
import NIOEmbedded
import NIOPosix
import Testing

@testable import WebSocketNIO

@Suite("Tasks on an event loop", .timeLimit(.minutes(1)))
struct LoopExecutorTests {
    /// What happened, in order; touched on one event loop only.
    final class Log: @unchecked Sendable {
        // Safety: touched on the event loop of its test only.
        var entries: [String] = []
    }

    @Test("Jobs run in the order in which they came")
    func order() {
        let loop = EmbeddedEventLoop()
        let context = LoopContext.current(loop)
        let log = Log()
        for number in 0..<100 {
            Task(executorPreference: context.executor) { log.entries.append("\(number)") }
        }
        #expect(log.entries.isEmpty, "a job never runs inside the call that enqueues it")
        loop.run()
        #expect(log.entries == (0..<100).map(String.init))
    }

    @Test("A task that never pauses does not keep the loop from its other work")
    func fairness() {
        let loop = EmbeddedEventLoop()
        let context = LoopContext.current(loop)
        let log = Log()
        Task(executorPreference: context.executor) {
            for _ in 0..<5000 { await Task.yield() }
            log.entries.append("task")
        }
        loop.execute { log.entries.append("timer") }
        loop.run()
        #expect(log.entries == ["timer", "task"])
    }

    @Test("Jobs that one drain left over run in the next turn")
    func leftOver() {
        let loop = EmbeddedEventLoop()
        let context = LoopContext.current(loop)
        let log = Log()
        for number in 0..<2000 { Task(executorPreference: context.executor) { log.entries.append("\(number)") } }
        loop.execute { log.entries.append("between") }
        loop.run()
        #expect(log.entries.count == 2001)
        #expect(log.entries.last == "1999")
        #expect(log.entries.firstIndex(of: "between").map { $0 < 1000 } == true)
    }

    @Test("A job from another thread comes to the loop")
    func otherThread() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let context = try await loop.submit { LoopContext.current(loop) }.get()
        let isInLoop = await Task(executorPreference: context.executor) { () -> Bool in
            await Task.yield()
            return loop.inEventLoop
        }.value
        #expect(isInLoop)
    }

    @Test("Each event loop has one context, and keeps it")
    func contexts() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        var contexts: [ObjectIdentifier] = []
        for loop in group.makeIterator() {
            let (first, second) = try await loop.submit {
                (ObjectIdentifier(LoopContext.current(loop)), ObjectIdentifier(LoopContext.current(loop)))
            }.get()
            #expect(first == second)
            contexts.append(first)
        }
        #expect(Set(contexts).count == 2)
        try await group.shutdownGracefully()
    }
}
