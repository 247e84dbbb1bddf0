internal import WebSocketProtocol

/// Requests of a session that polls: at most one GET and one POST at a time.
extension SessionStateMachine {
    package enum PollArrivedAction: Sendable, Hashable {
        /// Answer it with what waits.
        case answer
        /// Keep it until there is something.
        case park
        /// Answer it with what waits and a "close" packet: the session is over now.
        case answerAndFinish
        /// A second one: it gets 400, and the session ends.
        case refuseAndEnd(EngineIOCloseReason)
        /// The session is not carried by polling: 400.
        case refuse
    }

    /// A GET came in.
    /// - Parameters:
    ///   - hasOutbound: true if packets wait.
    ///   - fitsOneAnswer: false if there are too many of them for one answer, so that "close" has to wait.
    package mutating func pollArrived(hasOutbound: Bool, fitsOneAnswer: Bool = true) -> PollArrivedAction {
        switch self.state {
        case .polling(var polling):
            let action = self.pollArrived(&polling, hasOutbound)
            if case .refuseAndEnd = action { self.state = .closed } else { self.state = .polling(polling) }
            return action
        case .probing(var probing):
            let action = self.pollArrived(&probing.polling, hasOutbound)
            if case .refuseAndEnd = action { self.state = .closed } else { self.state = .probing(probing) }
            return action
        case .closing:
            guard fitsOneAnswer else { return .answer }
            self.state = .closed
            return .answerAndFinish
        case .webSocket, .closed:
            return .refuse
        }
    }

    private func pollArrived(_ polling: inout Polling, _ hasOutbound: Bool) -> PollArrivedAction {
        guard !polling.isPolled else { return .refuseAndEnd(.transportError) }
        if hasOutbound { return .answer }
        polling.isPolled = true
        return .park
    }

    package enum EndAction: Sendable, Hashable {
        case end(EngineIOCloseReason)
        case ignore
    }

    /// The client gave up a GET, be it still waiting or just answered: what an answer held is lost then.
    package mutating func pollAborted() -> EndAction {
        switch self.state {
        case .polling, .probing:
            self.state = .closed
            return .end(.transportError)
        case .webSocket, .closing, .closed:
            return .ignore
        }
    }

    package enum FlushAction: Sendable, Hashable {
        /// Answer the waiting GET with what waits.
        case answerPoll
        /// Write what waits to the WebSocket.
        case write
        case wait
    }

    /// Packets wait, and a turn of the event loop ends.
    package mutating func flush() -> FlushAction {
        switch self.state {
        case .polling(var polling):
            guard polling.isPolled else { return .wait }
            polling.isPolled = false
            self.state = .polling(polling)
            return .answerPoll
        case .probing(var probing):
            guard probing.polling.isPolled else { return .wait }
            probing.polling.isPolled = false
            self.state = .probing(probing)
            return .answerPoll
        case .webSocket:
            return .write
        case .closing, .closed:
            return .wait
        }
    }

    package enum PushBeganAction: Sendable, Hashable {
        case accept
        /// A second one: it gets 400, and the session ends.
        case refuseAndEnd(EngineIOCloseReason)
        /// The session is not carried by polling: 400.
        case refuse
    }

    /// The head of a POST came in.
    package mutating func pushBegan() -> PushBeganAction {
        switch self.state {
        case .polling(var polling):
            guard !polling.isPushing else { return self.overlap() }
            polling.isPushing = true
            self.state = .polling(polling)
        case .probing(var probing):
            guard !probing.polling.isPushing else { return self.overlap() }
            probing.polling.isPushing = true
            self.state = .probing(probing)
        case .closing(var closing):
            guard !closing.isPushing else { return .refuse }
            closing.isPushing = true
            self.state = .closing(closing)
        case .webSocket, .closed:
            return .refuse
        }
        return .accept
    }

    private mutating func overlap() -> PushBeganAction {
        self.state = .closed
        return .refuseAndEnd(.transportError)
    }

    /// The POST is over: it was taken in, or it was too long, which the client was told.
    package mutating func pushEnded() {
        switch self.state {
        case .polling(var polling):
            polling.isPushing = false
            self.state = .polling(polling)
        case .probing(var probing):
            probing.polling.isPushing = false
            self.state = .probing(probing)
        case .closing(var closing):
            closing.isPushing = false
            self.state = .closing(closing)
        case .webSocket, .closed:
            break
        }
    }

    /// The client gave the POST up, or took too long: what it held is lost.
    package mutating func pushAborted() -> EndAction {
        switch self.state {
        case .polling, .probing:
            self.state = .closed
            return .end(.transportError)
        case .webSocket, .closing, .closed:
            self.pushEnded()
            return .ignore
        }
    }
}
