package import WebSocketProtocol

/// What time brings.
extension SessionStateMachine {
    /// When ``deadlineReached(now:)`` wants to be called, at or after; nil for never.
    package var deadline: MonotonicTime? {
        switch self.state {
        case .polling(let polling): polling.heartbeat.deadline
        case .probing(let probing): probing.deadline
        case .webSocket(let webSocket): webSocket.heartbeat.deadline
        case .closing(let closing): closing.giveUpAt
        case .closed: nil
        }
    }

    package enum DeadlineAction: Sendable, Hashable {
        /// Send a ping, by whatever carries the session.
        case sendPing
        /// Answer the waiting GET with "6".
        case releasePoll
        /// Close the socket that did not take over in time; polling goes on.
        case abandonProbe
        case end(EngineIOCloseReason)
        /// No poll came to take the news to the client.
        case finish
        case wait
    }

    /// Time has passed. More than one thing may be due: call again until it says ``DeadlineAction/wait``.
    package mutating func deadlineReached(now: MonotonicTime) -> DeadlineAction {
        switch self.state {
        case .polling(var polling):
            let action = polling.heartbeat.deadlineReached(now: now, timing: self.timing)
            self.state = .polling(polling)
            return self.carryOut(action)
        case .probing(var probing):
            if probing.giveUpAt <= now {
                self.state = .polling(probing.polling)
                return .abandonProbe
            }
            if let due = probing.nextNoop, due <= now {
                let isPolled = probing.polling.isPolled
                probing.nextNoop = now.advanced(by: self.timing.noopInterval)
                probing.polling.isPolled = false
                self.state = .probing(probing)
                if isPolled { return .releasePoll }
            }
            let action = probing.polling.heartbeat.deadlineReached(now: now, timing: self.timing)
            self.state = .probing(probing)
            return self.carryOut(action)
        case .webSocket(var webSocket):
            let action = webSocket.heartbeat.deadlineReached(now: now, timing: self.timing)
            self.state = .webSocket(webSocket)
            return self.carryOut(action)
        case .closing(let closing):
            guard closing.giveUpAt <= now else { return .wait }
            self.state = .closed
            return .finish
        case .closed:
            return .wait
        }
    }

    private mutating func carryOut(_ action: Heartbeat.Action) -> DeadlineAction {
        switch action {
        case .sendPing:
            return .sendPing
        case .timeOut:
            self.state = .closed
            return .end(.pingTimeout)
        case .wait:
            return .wait
        }
    }
}

extension SessionStateMachine.Probing {
    fileprivate var deadline: MonotonicTime {
        let earliest = min(self.polling.heartbeat.deadline, self.giveUpAt)
        return self.nextNoop.map { min($0, earliest) } ?? earliest
    }
}
