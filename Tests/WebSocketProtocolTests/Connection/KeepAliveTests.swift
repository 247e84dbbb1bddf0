import Testing
import WebSocketProtocol

@Suite("Keep-alive (§5.5.2)")
struct KeepAliveTests {
    private static let second: Int64 = 1_000_000_000
    private let start = MonotonicTime(nanoseconds: 50 * second)

    /// The time `seconds` and `nanoseconds` after the start.
    private func at(_ seconds: Int64, _ nanoseconds: Int64 = 0) -> MonotonicTime {
        MonotonicTime(nanoseconds: self.start.nanoseconds + seconds * Self.second + nanoseconds)
    }

    /// Pings every 20 s, gives up after 10 s; the first ping is due 5 s and 1 ns after the start.
    private func fiveSecondsToFirstPing() -> KeepAlive {
        let configuration = KeepAlive.Configuration(pingInterval: .seconds(20), pongTimeout: .seconds(10))
        return KeepAlive(configuration, now: self.start, random: UInt64(5 * Self.second))
    }

    @Test("Without an interval and an idle limit there is nothing to do, ever")
    func off() {
        let configuration = KeepAlive.Configuration(pingInterval: nil)
        var keepAlive = KeepAlive(configuration, now: self.start, random: 7)
        #expect(keepAlive.deadline == nil)
        let action = keepAlive.deadlineReached(now: self.at(1_000_000), isReadingPaused: false)
        #expect(action == .wait)
    }

    @Test("The first ping falls on a random point of the first interval")
    func jitter() {
        let configuration = KeepAlive.Configuration(pingInterval: .seconds(20))
        let interval = UInt64(20 * Self.second)
        for random in [0, 1, interval / 2, interval - 1, interval, UInt64(Int64.max), UInt64.max] {
            let keepAlive = KeepAlive(configuration, now: self.start, random: random)
            #expect(keepAlive.deadline == self.at(0, Int64(random % interval) + 1))
        }
    }

    @Test("An interval of zero, with which pings would never end, is refused")
    func noInterval() async {
        await #expect(processExitsWith: .failure) { _ = KeepAlive.Configuration(pingInterval: .zero) }
        await #expect(processExitsWith: .failure) {
            var configuration = KeepAlive.Configuration()
            configuration.pingInterval = .seconds(-1)
        }
        var configuration = KeepAlive.Configuration()
        configuration.pingInterval = nil
        #expect(configuration.pingInterval == nil)
    }

    @Test("The longest and the shortest interval neither trap nor wrap")
    func extremes() {
        for interval: Duration in [.nanoseconds(1), .seconds(Int64.max)] {
            for random in [0, UInt64.max] {
                let configuration = KeepAlive.Configuration(pingInterval: interval, pongTimeout: .seconds(Int64.max))
                var keepAlive = KeepAlive(configuration, now: self.start, random: random)
                _ = keepAlive.deadlineReached(now: self.at(1), isReadingPaused: false)
                #expect(keepAlive.deadline ?? self.start >= self.start)
            }
        }
    }

    @Test("A ping is sent when due, not before, and then every interval")
    func interval() {
        var keepAlive = self.fiveSecondsToFirstPing()
        var action = keepAlive.deadlineReached(now: self.at(5), isReadingPaused: false)
        #expect(action == .wait)
        action = keepAlive.deadlineReached(now: self.at(5, 1), isReadingPaused: false)
        #expect(action == .sendPing(UInt64(5 * Self.second)))
        _ = keepAlive.receivedPong(KeepAlive.bytes(of: UInt64(5 * Self.second)), now: self.at(6))
        #expect(keepAlive.deadline == self.at(25, 1))
        action = keepAlive.deadlineReached(now: self.at(25, 1), isReadingPaused: false)
        #expect(action == .sendPing(UInt64(5 * Self.second) + 1), "numbers count up")
    }

    @Test("The payload is eight bytes in network order")
    func payloadBytes() {
        #expect(KeepAlive.bytes(of: 0x0102_0304_0506_0708) == [1, 2, 3, 4, 5, 6, 7, 8])
    }

    @Test("A pong measures the way there and back")
    func roundTrip() {
        var keepAlive = self.fiveSecondsToFirstPing()
        #expect(keepAlive.roundTripTime == nil)
        _ = keepAlive.deadlineReached(now: self.at(5, 1), isReadingPaused: false)
        let payload = UInt64(5 * Self.second)
        let number = keepAlive.receivedPong(KeepAlive.bytes(of: payload), now: self.at(5, 1_000_001))
        #expect(number == payload)
        #expect(keepAlive.roundTripTime == .milliseconds(1))
        // The same pong again answers nothing that is outstanding.
        _ = keepAlive.receivedPong(KeepAlive.bytes(of: payload), now: self.at(8))
        #expect(keepAlive.roundTripTime == .milliseconds(1))
    }

    @Test("Silence after a ping fails the connection at the pong timeout, not before")
    func pongTimeout() {
        var keepAlive = self.fiveSecondsToFirstPing()
        _ = keepAlive.deadlineReached(now: self.at(5, 1), isReadingPaused: false)
        #expect(keepAlive.deadline == self.at(15, 1))
        var action = keepAlive.deadlineReached(now: self.at(15), isReadingPaused: false)
        #expect(action == .wait)
        action = keepAlive.deadlineReached(now: self.at(15, 1), isReadingPaused: false)
        #expect(action == .pongTimedOut)
    }

    @Test("An answered ping does not time out")
    func answered() {
        var keepAlive = self.fiveSecondsToFirstPing()
        _ = keepAlive.deadlineReached(now: self.at(5, 1), isReadingPaused: false)
        _ = keepAlive.receivedPong(KeepAlive.bytes(of: UInt64(5 * Self.second)), now: self.at(6))
        let action = keepAlive.deadlineReached(now: self.at(16), isReadingPaused: false)
        #expect(action == .wait)
    }

    @Test("Any byte after the ping is a sign of life, one before it is not")
    func signOfLife() {
        var keepAlive = self.fiveSecondsToFirstPing()
        keepAlive.receivedBytes()
        _ = keepAlive.deadlineReached(now: self.at(5, 1), isReadingPaused: false)
        var silent = keepAlive
        let failed = silent.deadlineReached(now: self.at(15, 1), isReadingPaused: false)
        #expect(failed == .pongTimedOut)

        keepAlive.receivedBytes()
        let first = keepAlive.deadlineReached(now: self.at(15, 1), isReadingPaused: false)
        #expect(first == .wait)
        #expect(keepAlive.deadline == self.at(25, 1), "the peer gets the whole time again")
        let second = keepAlive.deadlineReached(now: self.at(25, 1), isReadingPaused: false)
        #expect(second == .pongTimedOut)
    }

    @Test("While we do not read, silence proves nothing")
    func readingPaused() {
        var keepAlive = self.fiveSecondsToFirstPing()
        _ = keepAlive.deadlineReached(now: self.at(5, 1), isReadingPaused: false)
        for seconds in [15, 25, 35] as [Int64] {
            let action = keepAlive.deadlineReached(now: self.at(seconds, 1), isReadingPaused: true)
            #expect(action == .wait)
        }
        let action = keepAlive.deadlineReached(now: self.at(45, 1), isReadingPaused: false)
        #expect(action == .pongTimedOut)
    }

    @Test("One ping at a time: a slow peer is not flooded", .requirement(133))
    func onePingAtATime() {
        let configuration = KeepAlive.Configuration(pingInterval: .seconds(2), pongTimeout: .seconds(10))
        var keepAlive = KeepAlive(configuration, now: self.start, random: 0)
        let first = keepAlive.deadlineReached(now: self.at(0, 1), isReadingPaused: false)
        #expect(first == .sendPing(0))
        for seconds in [2, 4, 6, 8] as [Int64] {
            let action = keepAlive.deadlineReached(now: self.at(seconds, 1), isReadingPaused: false)
            #expect(action == .wait)
        }
        _ = keepAlive.receivedPong(KeepAlive.bytes(of: 0), now: self.at(9))
        let next = keepAlive.deadlineReached(now: self.at(10, 1), isReadingPaused: false)
        #expect(next == .sendPing(1))
    }

    @Test("A deadline that was missed by hours gives one ping, not one per interval")
    func lateDriver() {
        var keepAlive = self.fiveSecondsToFirstPing()
        let action = keepAlive.deadlineReached(now: self.at(10_000), isReadingPaused: false)
        #expect(action == .sendPing(UInt64(5 * Self.second)))
        #expect(keepAlive.deadline == self.at(10_010))
    }

    @Test("Unsolicited pongs and foreign payloads are ignored (§5.5.3)", .requirement(132))
    func unsolicited() {
        var keepAlive = self.fiveSecondsToFirstPing()
        _ = keepAlive.deadlineReached(now: self.at(5, 1), isReadingPaused: false)
        let payload = UInt64(5 * Self.second)
        let foreign: [[UInt8]] = [
            [], [1], Array("Hello".utf8), KeepAlive.bytes(of: payload) + [0],
            Array(KeepAlive.bytes(of: payload).dropLast()),
            KeepAlive.bytes(of: payload + 1), KeepAlive.bytes(of: payload &+ 1 << 63),
        ]
        for bytes in foreign {
            let number = keepAlive.receivedPong(bytes, now: self.at(6))
            #expect(number == nil, "\(bytes)")
        }
        #expect(keepAlive.roundTripTime == nil)
        let action = keepAlive.deadlineReached(now: self.at(15, 1), isReadingPaused: false)
        #expect(action == .pongTimedOut)
    }

    @Test("A pong for the latest ping answers the earlier ones too (§5.5.3)", .requirement(131))
    func latestAnswersAll() {
        var keepAlive = self.fiveSecondsToFirstPing()
        _ = keepAlive.deadlineReached(now: self.at(5, 1), isReadingPaused: false)
        let payload = UInt64(5 * Self.second)
        let ours = keepAlive.takePayload()
        #expect(ours == payload + 1)
        let number = keepAlive.receivedPong(KeepAlive.bytes(of: ours), now: self.at(6, 1))
        #expect(number == ours)
        #expect(keepAlive.roundTripTime == .seconds(1))
        let action = keepAlive.deadlineReached(now: self.at(15, 1), isReadingPaused: false)
        #expect(action == .wait)
    }

    @Test("A pong for an earlier ping leaves the latest outstanding")
    func olderPong() {
        var keepAlive = self.fiveSecondsToFirstPing()
        let earlier = keepAlive.takePayload()
        _ = keepAlive.deadlineReached(now: self.at(5, 1), isReadingPaused: false)
        let number = keepAlive.receivedPong(KeepAlive.bytes(of: earlier), now: self.at(6))
        #expect(number == earlier)
        #expect(keepAlive.roundTripTime == nil)
        let action = keepAlive.deadlineReached(now: self.at(15, 1), isReadingPaused: false)
        #expect(action == .pongTimedOut)
    }

    @Test("Numbers may wrap around between a ping and the next")
    func wrapAround() {
        let configuration = KeepAlive.Configuration(pingInterval: .nanoseconds(1), pongTimeout: .seconds(10))
        var keepAlive = KeepAlive(configuration, now: self.start, random: .max)
        let first = keepAlive.deadlineReached(now: self.at(1), isReadingPaused: false)
        #expect(first == .sendPing(.max))
        let ours = keepAlive.takePayload()
        #expect(ours == 0)
        let notSent = keepAlive.receivedPong(KeepAlive.bytes(of: 1), now: self.at(2))
        #expect(notSent == nil)
        let number = keepAlive.receivedPong(KeepAlive.bytes(of: 0), now: self.at(3))
        #expect(number == 0)
        #expect(keepAlive.roundTripTime == .seconds(2), "0 was sent after UInt64.max and answers it")
        let older = keepAlive.receivedPong(KeepAlive.bytes(of: .max), now: self.at(4))
        #expect(older == .max)
    }

    @Test("A ping of the application measures but does not fail the connection")
    func applicationPing() {
        let configuration = KeepAlive.Configuration(pingInterval: nil, pongTimeout: .seconds(1))
        var keepAlive = KeepAlive(configuration, now: self.start, random: 41)
        let payload = keepAlive.takePayload()
        #expect(payload == 41)
        #expect(keepAlive.deadline == nil)
        let action = keepAlive.deadlineReached(now: self.at(100), isReadingPaused: false)
        #expect(action == .wait)
    }

    @Test("A connection without messages is closed between one and two idle times")
    func idle() {
        let configuration = KeepAlive.Configuration(pingInterval: nil, idleTimeout: .seconds(30))
        var keepAlive = KeepAlive(configuration, now: self.start, random: 0)
        #expect(keepAlive.deadline == self.at(30))
        keepAlive.carriedMessage()
        var action = keepAlive.deadlineReached(now: self.at(30), isReadingPaused: false)
        #expect(action == .wait)
        #expect(keepAlive.deadline == self.at(60))
        // Bytes are not messages: pongs keep no idle connection open.
        keepAlive.receivedBytes()
        action = keepAlive.deadlineReached(now: self.at(60), isReadingPaused: false)
        #expect(action == .idleTimedOut)
    }

    @Test("A connection that we do not read from is not idle")
    func idleWhilePaused() {
        let configuration = KeepAlive.Configuration(pingInterval: nil, idleTimeout: .seconds(30))
        var keepAlive = KeepAlive(configuration, now: self.start, random: 0)
        let action = keepAlive.deadlineReached(now: self.at(30), isReadingPaused: true)
        #expect(action == .wait)
        #expect(keepAlive.deadline == self.at(60))
    }

    @Test("The deadline is the earliest of ping, pong timeout and idle limit")
    func earliestDeadline() {
        let configuration = KeepAlive.Configuration(
            pingInterval: .seconds(20),
            pongTimeout: .seconds(3),
            idleTimeout: .seconds(6)
        )
        var keepAlive = KeepAlive(configuration, now: self.start, random: UInt64(5 * Self.second) - 1)
        #expect(keepAlive.deadline == self.at(5))
        _ = keepAlive.deadlineReached(now: self.at(5), isReadingPaused: false)
        #expect(keepAlive.deadline == self.at(6))
        keepAlive.carriedMessage()
        _ = keepAlive.deadlineReached(now: self.at(6), isReadingPaused: false)
        #expect(keepAlive.deadline == self.at(8))
    }
}
