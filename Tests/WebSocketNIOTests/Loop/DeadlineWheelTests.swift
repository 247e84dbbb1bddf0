import NIOCore
import NIOEmbedded
import NIOPosix
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("One timer for all deadlines of a loop", .timeLimit(.minutes(1)))
struct DeadlineWheelTests {
    final class Target: DeadlineTarget {
        var deadlineTick: Int64?
        var calls: [MonotonicTime] = []
        var onCall: (MonotonicTime) -> MonotonicTime? = { _ in nil }

        func deadlineReached(now: MonotonicTime) -> MonotonicTime? {
            self.calls.append(now)
            return self.onCall(now)
        }
    }

    /// A wheel on a loop whose clock stands still until it is moved. Of one thread: each test makes its own.
    struct Clock {
        let loop = EmbeddedEventLoop()
        let wheel: DeadlineWheel

        init() {
            self.loop.advanceTime(to: .uptimeNanoseconds(12_345_678_901))
            self.wheel = DeadlineWheel(eventLoop: self.loop)
        }

        var now: MonotonicTime { MonotonicTime(nanoseconds: Int64(self.loop.now.uptimeNanoseconds)) }
    }

    private static let slot = Duration.nanoseconds(DeadlineWheel.tickNanoseconds)

    @Test(
        "A deadline fires once, never early, at most one slot late", .requirement(289),
        arguments: [0, 1, 49, 50, 51, 99, 100, 1000, 20_000, 51_150, 51_200, 51_250, 60_000, 300_000]
    )
    func accuracy(milliseconds: Int) {
        let clock = Clock()
        let target = Target()
        let deadline = clock.now.advanced(by: .milliseconds(milliseconds))
        clock.wheel.schedule(target, at: deadline)
        // Steps that are no multiple of a slot.
        let end = deadline.advanced(by: .seconds(5))
        while clock.now < end { clock.loop.advanceTime(by: .milliseconds(7)) }
        #expect(target.calls.count == 1)
        #expect(target.calls.allSatisfy { $0 >= deadline })
        #expect(
            target.calls.allSatisfy { deadline.duration(to: $0) <= DeadlineWheelTests.slot + DeadlineWheelTests.slot })
    }

    @Test("After a long stall each deadline fires once, in the order of their slots")
    func stall() {
        let clock = Clock()
        var order: [Int] = []
        let targets = (0..<100).map { number in
            let target = Target()
            target.onCall = { _ in
                order.append(number)
                return nil
            }
            clock.wheel.schedule(target, at: clock.now.advanced(by: .milliseconds(100 + number * 500)))
            return target
        }
        clock.loop.advanceTime(by: .hours(3))
        #expect(order == Array(0..<100))
        #expect(targets.allSatisfy { $0.calls.count == 1 })
    }

    @Test("Scheduling again replaces the earlier wish, sooner or later")
    func replacing() {
        let clock = Clock()
        let target = Target()
        let start = clock.now
        clock.wheel.schedule(target, at: start.advanced(by: .seconds(1)))
        clock.wheel.schedule(target, at: start.advanced(by: .seconds(3)))
        clock.loop.advanceTime(by: .seconds(2))
        #expect(target.calls.isEmpty)
        clock.wheel.schedule(target, at: clock.now.advanced(by: .milliseconds(200)))
        clock.loop.advanceTime(by: .seconds(10))
        #expect(target.calls.count == 1)
        #expect(start.duration(to: target.calls[0]) < .seconds(3))
    }

    @Test("A removed target is not called")
    func removing() {
        let clock = Clock()
        let target = Target()
        clock.wheel.schedule(target, at: clock.now.advanced(by: .seconds(1)))
        clock.wheel.remove(target)
        clock.wheel.remove(target)
        clock.loop.advanceTime(by: .seconds(5))
        #expect(target.calls.isEmpty)
        #expect(target.deadlineTick == nil)
    }

    @Test("A target that is removed by another of its slot is not called")
    func removingWhileFiring() {
        let clock = Clock()
        let first = Target()
        let second = Target()
        first.onCall = { _ in
            clock.wheel.remove(second)
            return nil
        }
        second.onCall = { _ in
            clock.wheel.remove(first)
            return nil
        }
        let deadline = clock.now.advanced(by: .seconds(1))
        clock.wheel.schedule(first, at: deadline)
        clock.wheel.schedule(second, at: deadline)
        clock.loop.advanceTime(by: .seconds(5))
        #expect(first.calls.count + second.calls.count == 1)
    }

    @Test("A target that names its next deadline is called again")
    func repeating() {
        let clock = Clock()
        let target = Target()
        target.onCall = { $0.advanced(by: .seconds(1)) }
        clock.wheel.schedule(target, at: clock.now.advanced(by: .seconds(1)))
        clock.loop.advanceTime(by: .seconds(60))
        #expect((57...60).contains(target.calls.count))
        for (earlier, later) in zip(target.calls, target.calls.dropFirst()) {
            #expect(earlier.duration(to: later) >= .seconds(1))
        }
        clock.wheel.remove(target)
    }

    @Test("The timer stops when nothing waits, and starts again")
    func idle() {
        let clock = Clock()
        let target = Target()
        for round in 1...3 {
            clock.wheel.schedule(target, at: clock.now.advanced(by: .milliseconds(100)))
            clock.loop.advanceTime(by: .seconds(100))
            #expect(target.calls.count == round)
        }
    }

    @Test("A deadline that lies past or at the end of time does not trap", .requirement(102))
    func extremes() {
        let clock = Clock()
        let past = Target()
        let never = Target()
        clock.wheel.schedule(past, at: MonotonicTime(nanoseconds: 0))
        clock.wheel.schedule(never, at: MonotonicTime(nanoseconds: .max))
        clock.loop.advanceTime(by: .minutes(10))
        #expect(past.calls.count == 1)
        #expect(never.calls.isEmpty)
        clock.wheel.remove(never)
    }

    @Test("On a real event loop a deadline is met on time")
    func realLoop() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let called = loop.makePromise(of: (MonotonicTime, MonotonicTime).self)
        loop.execute {
            let target = Target()
            let deadline = DeadlineWheel.now().advanced(by: .milliseconds(120))
            target.onCall = { now in
                called.succeed((deadline, now))
                return nil
            }
            LoopContext.current(loop).deadlines.schedule(target, at: deadline)
        }
        let (deadline, now) = try await called.futureResult.get()
        #expect(now >= deadline)
    }
}
