internal import EngineIOProtocol
internal import WebSocketNIO
package import WebSocketProtocol

/// Pings, silence, and waits that took too long.
extension EngineIOSession {
    package func deadlineReached(now: MonotonicTime) -> MonotonicTime? {
        self.wakeUpTime = nil
        self.carryOutDeadlines(now: now)
        self.wakeUpTime = self.machine.deadline
        return self.wakeUpTime
    }

    /// The wheel may be late by a slot; a request that comes in meanwhile finds the session as it should be.
    func catchUpWithTime() {
        let now = DeadlineWheel.now()
        guard let deadline = self.machine.deadline, deadline <= now else { return }
        self.carryOutDeadlines(now: now)
        self.updateDeadline()
    }

    /// Moves the call of the wheel forward where that is necessary; one that comes too early is sent back.
    func updateDeadline() {
        guard let deadline = self.machine.deadline else { return }
        if let wakeUpTime = self.wakeUpTime, wakeUpTime <= deadline { return }
        self.wakeUpTime = deadline
        self.loop.deadlines.schedule(self, at: deadline)
    }

    private func carryOutDeadlines(now: MonotonicTime) {
        // What waits for the end of this turn goes before an empty answer.
        self.flush()
        while true {
            switch self.machine.deadlineReached(now: now) {
            case .sendPing: self.send(.packet(.ping))
            case .releasePoll: self.releasePoll()
            case .abandonProbe: self.closeProbe()
            case .end(let reason): self.end(reason)
            case .finish: self.end(self.closeReason ?? .forcedServerClose)
            case .wait: return
            }
        }
    }
}
