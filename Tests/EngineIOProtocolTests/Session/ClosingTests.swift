import Testing
import WebSocketProtocol

@testable import EngineIOProtocol

@Suite struct ClosingTests {
    @Test("A close without a waiting GET is told to the next one")
    func nextPoll() {
        let box = Box(.polling)
        #expect(box.close(now: .zero) == .awaitPoll)
        #expect(!box.isOpen)
        #expect(box.pollArrived(hasOutbound: true) == .answerAndFinish)
        #expect(box.phase == .closed)
    }

    @Test("What does not fit one answer is told by several, the last of which says close")
    func severalPolls() {
        let box = Box(.polling)
        _ = box.close(now: .zero)
        for _ in 0..<2 { #expect(box.pollArrived(hasOutbound: true, fitsOneAnswer: false) == .answer) }
        #expect(box.phase == .closing)
        #expect(box.pollArrived(hasOutbound: true, fitsOneAnswer: true) == .answerAndFinish)
    }

    @Test("If no GET comes within 30 s the session is over")
    func noPoll() {
        let box = Box(.polling)
        _ = box.close(now: .zero)
        #expect(box.deadline == .milliseconds(30_000))
        #expect(box.deadlineReached(now: .milliseconds(29_999)) == .wait)
        #expect(box.deadlineReached(now: .milliseconds(30_000)) == .finish)
        #expect(box.deadline == nil)
    }

    @Test("While closing a POST is taken and nothing of it delivered; a client's close ends the wait")
    func postWhileClosing() {
        let box = Box(.polling)
        _ = box.close(now: .zero)
        #expect(box.pushBegan() == .accept)
        #expect(box.pushBegan() == .refuse)
        #expect(box.received(.message, now: .zero) == .ignore)
        #expect(box.received(.close, now: .zero) == .end(.forcedClose))
        #expect(box.phase == .closed)
    }

    @Test("A second close, and a failure after a close, change nothing")
    func twice() {
        let box = Box(.polling)
        _ = box.close(now: .zero)
        #expect(box.close(now: .milliseconds(10)) == .ignore)
        #expect(box.deadline == .milliseconds(30_000))
        #expect(!box.fail())
    }
}
