import Testing
import WebSocketProtocol

@Suite("Monotonic time")
struct MonotonicTimeTests {
    @Test("Durations add up in nanoseconds")
    func advanced() {
        let time = MonotonicTime(nanoseconds: 5)
        #expect(time.advanced(by: .seconds(2)).nanoseconds == 2_000_000_005)
        #expect(time.advanced(by: .nanoseconds(7)).nanoseconds == 12)
        #expect(time.advanced(by: .zero) == time)
        #expect(time < time.advanced(by: .nanoseconds(1)))
        #expect(time.duration(to: MonotonicTime(nanoseconds: 25)) == .nanoseconds(20))
    }

    @Test("An absurdly long duration means never, a negative one means now")
    func saturates() {
        let time = MonotonicTime(nanoseconds: 1_000)
        #expect(time.advanced(by: .seconds(Int64.max)).nanoseconds == .max)
        #expect(time.advanced(by: .nanoseconds(Int64.max)).nanoseconds == .max)
        #expect(MonotonicTime(nanoseconds: .max).advanced(by: .nanoseconds(1)).nanoseconds == .max)
        #expect(time.advanced(by: .seconds(-3)) == time)
        #expect(Duration.seconds(-1).clampedNanoseconds == 0)
        #expect(Duration.nanoseconds(-1).clampedNanoseconds == 0)
        #expect(
            Duration(secondsComponent: 9_223_372_036, attosecondsComponent: 854_775_807_000_000_000)
                .clampedNanoseconds == .max)
        #expect(
            Duration(secondsComponent: 9_223_372_036, attosecondsComponent: 854_775_808_000_000_000)
                .clampedNanoseconds == .max)
    }
}
