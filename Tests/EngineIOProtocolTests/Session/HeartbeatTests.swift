import Testing
import WebSocketProtocol

@testable import EngineIOProtocol

@Suite struct HeartbeatTests {
    private let timing = SessionTiming(
        pingInterval: .milliseconds(300), pingTimeout: .milliseconds(200), upgradeTimeout: .seconds(10))

    @Test("A ping is due an interval after the last one, however late that was answered")
    func rounds() {
        var heartbeat = Heartbeat(now: .zero, timing: self.timing)
        #expect(heartbeat.deadline == .milliseconds(300))
        #expect(heartbeat.deadlineReached(now: .milliseconds(299), timing: self.timing) == .wait)
        #expect(heartbeat.deadlineReached(now: .milliseconds(300), timing: self.timing) == .sendPing)
        heartbeat.receivedPong(now: .milliseconds(340))
        #expect(heartbeat.deadline == .milliseconds(600))
        #expect(heartbeat.deadlineReached(now: .milliseconds(640), timing: self.timing) == .sendPing)
        #expect(heartbeat.deadline == .milliseconds(800))
        heartbeat.receivedPong(now: .milliseconds(790))
        #expect(heartbeat.deadline == .milliseconds(900))
    }

    @Test("A pong that comes after the next ping was due brings that ping at once")
    func latePong() {
        let timing = SessionTiming(
            pingInterval: .milliseconds(100), pingTimeout: .milliseconds(500), upgradeTimeout: .seconds(10))
        var heartbeat = Heartbeat(now: .zero, timing: timing)
        #expect(heartbeat.deadlineReached(now: .milliseconds(100), timing: timing) == .sendPing)
        heartbeat.receivedPong(now: .milliseconds(450))
        #expect(heartbeat.deadlineReached(now: .milliseconds(450), timing: timing) == .sendPing)
        #expect(heartbeat.deadline == .milliseconds(950))
    }

    @Test("While nothing is taken in no pong is missed, and afterwards the client has its whole time")
    func heldUp() {
        var heartbeat = Heartbeat(now: .zero, timing: self.timing)
        #expect(heartbeat.deadlineReached(now: .milliseconds(300), timing: self.timing) == .sendPing)
        heartbeat.holdUp()
        #expect(heartbeat.deadlineReached(now: .milliseconds(500), timing: self.timing) == .wait)
        #expect(heartbeat.deadlineReached(now: .milliseconds(700), timing: self.timing) == .wait)
        heartbeat.goOn(now: .milliseconds(800), timing: self.timing)
        #expect(heartbeat.deadline == .milliseconds(1000))
        #expect(heartbeat.deadlineReached(now: .milliseconds(1000), timing: self.timing) == .timeOut)
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
        heartbeat.receivedPong(now: .milliseconds(200))
        #expect(heartbeat.deadline == .milliseconds(300))
    }
}
