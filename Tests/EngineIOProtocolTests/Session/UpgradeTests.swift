import Testing
import WebSocketProtocol

@testable import EngineIOProtocol

/// The upgrade step by step, under a clock made of numbers.
@Suite struct UpgradeTests {
    @Test("A waiting GET returns at the probe, and every one after it within the noop interval")
    func noopsRepeat() {
        let box = Box(.polling)
        #expect(box.pollArrived(hasOutbound: false) == .park)
        #expect(box.upgradeRequested(now: .zero) == .probe)
        #expect(box.deadline == .milliseconds(10_000))
        #expect(
            box.receivedOnProbe(.ping, isProbe: true, now: .milliseconds(5)) == .answerProbe(releasesPoll: true))
        for round in 1...4 {
            #expect(box.pollArrived(hasOutbound: false) == .park)
            let due = MonotonicTime.milliseconds(Int64(5 + 100 * round))
            #expect(box.deadline == due)
            #expect(box.deadlineReached(now: due) == .releasePoll)
            #expect(box.deadlineReached(now: due) == .wait)
        }
    }

    @Test("Between probe and upgrade packets go to the waiting GET, after it over the WebSocket")
    func packets() {
        let box = Box(.polling)
        _ = box.upgradeRequested(now: .zero)
        _ = box.receivedOnProbe(.ping, isProbe: true, now: .zero)
        #expect(box.flush() == .wait)
        #expect(box.pollArrived(hasOutbound: true) == .answer)
        #expect(box.transport == .polling)
        #expect(
            box.receivedOnProbe(.upgrade, isProbe: false, now: .zero) == .switchTransport(releasesPoll: false))
        #expect(box.transport == .webSocket)
        #expect(box.flush() == .write)
        #expect(box.pollArrived(hasOutbound: true) == .refuse)
    }

    @Test("An upgrade that takes too long is given up, also when noops keep it busy, and may be tried again")
    func timeout() {
        let box = Box(.polling)
        _ = box.upgradeRequested(now: .zero)
        _ = box.receivedOnProbe(.ping, isProbe: true, now: .zero)
        #expect(box.deadlineReached(now: .milliseconds(9_999)) == .wait)
        #expect(box.deadlineReached(now: .milliseconds(10_000)) == .abandonProbe)
        #expect(box.phase == .polling)
        #expect(box.upgradeRequested(now: .milliseconds(10_000)) == .probe)
    }

    @Test("A GET that waited when the socket was lost waits on")
    func lostProbe() {
        let box = Box(.polling)
        _ = box.pollArrived(hasOutbound: false)
        _ = box.upgradeRequested(now: .zero)
        box.probeClosed()
        #expect(box.isPolled)
        #expect(box.flush() == .answerPoll)
    }

    @Test("A POST that began before the upgrade may end after it")
    func pushAcrossTheUpgrade() {
        let box = Box(.polling)
        #expect(box.pushBegan() == .accept)
        _ = box.upgradeRequested(now: .zero)
        _ = box.receivedOnProbe(.ping, isProbe: true, now: .zero)
        _ = box.receivedOnProbe(.upgrade, isProbe: false, now: .zero)
        box.pushEnded()
        #expect(box.received(.message, now: .zero) == .deliver)
    }

    @Test("The heartbeat goes on through the upgrade: a ping sent by polling is answered over the WebSocket")
    func heartbeat() {
        let box = Box(.polling)
        #expect(box.deadlineReached(now: .milliseconds(25_000)) == .sendPing)
        _ = box.upgradeRequested(now: .milliseconds(25_001))
        _ = box.receivedOnProbe(.ping, isProbe: true, now: .milliseconds(25_002))
        _ = box.receivedOnProbe(.upgrade, isProbe: false, now: .milliseconds(25_003))
        #expect(box.received(.pong, now: .milliseconds(25_004)) == .ignore)
        #expect(box.deadline == .milliseconds(50_000))
        #expect(box.deadlineReached(now: .milliseconds(50_000)) == .sendPing)
        #expect(box.deadlineReached(now: .milliseconds(70_004)) == .end(.pingTimeout))
    }
}
