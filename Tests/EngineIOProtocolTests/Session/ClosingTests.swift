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
