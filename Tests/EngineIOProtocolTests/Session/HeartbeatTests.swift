import Testing
import WebSocketProtocol

@testable import EngineIOProtocol

@Suite struct HeartbeatTests {
    private let timing = SessionTiming(
        pingInterval: .milliseconds(300), pingTimeout: .milliseconds(200), upgradeTimeout: .seconds(10))

    @Test("A ping is due after the interval, and again after each pong")
    func rounds() {
        var heartbeat = Heartbeat(now: .zero, timing: self.timing)
        #expect(heartbeat.deadline == .milliseconds(300))
        #expect(heartbeat.deadlineReached(now: .milliseconds(299), timing: self.timing) == .wait)
        #expect(heartbeat.deadlineReached(now: .milliseconds(300), timing: self.timing) == .sendPing)
        heartbeat.receivedPong(now: .milliseconds(340), timing: self.timing)
        #expect(heartbeat.deadline == .milliseconds(640))
        #expect(heartbeat.deadlineReached(now: .milliseconds(640), timing: self.timing) == .sendPing)
        #expect(heartbeat.deadline == .milliseconds(840))
    }

    @Test("Without a pong it times out, counted from when the ping was due, not from a timer that is a little late")
    func timeout() {
        var heartbeat = Heartbeat(now: .zero, timing: self.timing)
        #expect(heartbeat.deadlineReached(now: .milliseconds(349), timing: self.timing) == .sendPing)
        #expect(heartbeat.deadline == .milliseconds(500))
        #expect(heartbeat.deadlineReached(now: .milliseconds(499), timing: self.timing) == .wait)
        #expect(heartbeat.deadlineReached(now: .milliseconds(500), timing: self.timing) == .timeOut)
    }

    @Test("A server that stood still gives its client the whole time")
    func stall() {
        var heartbeat = Heartbeat(now: .zero, timing: self.timing)
        #expect(heartbeat.deadlineReached(now: .milliseconds(60_000), timing: self.timing) == .sendPing)
        #expect(heartbeat.deadline == .milliseconds(60_200))
    }

    @Test("A pong that nobody asked for does not put the next ping off")
    func unsolicitedPong() {
        var heartbeat = Heartbeat(now: .zero, timing: self.timing)
        heartbeat.receivedPong(now: .milliseconds(200), timing: self.timing)
        #expect(heartbeat.deadline == .milliseconds(300))
    }
}
