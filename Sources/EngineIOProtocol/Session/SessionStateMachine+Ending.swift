package import WebSocketProtocol

/// How a session ends, other than by what the client sends.
extension SessionStateMachine {
    package enum CloseAction: Sendable, Hashable {
        /// Answer the waiting GET with what waits and a "close" packet.
        case answerPoll
        /// Keep what waits for the next GET.
        case awaitPoll
        /// Write what waits and close the WebSocket.
        case closeWebSocket
        case ignore
    }

    /// Closes the session in good order, after what was sent before.
    package mutating func close(now: MonotonicTime) -> CloseAction {
        switch self.state {
        case .polling(let polling):
            return self.close(polling, now: now)
        case .probing(let probing):
            return self.close(probing.polling, now: now)
        case .webSocket:
            self.state = .closed
            return .closeWebSocket
        case .closing, .closed:
            return .ignore
        }
    }

    private mutating func close(_ polling: Polling, now: MonotonicTime) -> CloseAction {
        guard !polling.isPolled else {
            self.state = .closed
            return .answerPoll
        }
        self.state = .closing(Closing(from: polling, giveUpAt: now.advanced(by: self.timing.closeTimeout)))
        return .awaitPoll
    }

    /// Ends the session at once: what waits is lost.
    /// - Returns: false if it was over before.
    package mutating func fail() -> Bool {
        let wasOpen = self.isOpen
        self.state = .closed
        return wasOpen
    }

    /// The WebSocket that carried the session is gone.
    /// - Parameter isError: true if a rule of WebSocket was broken, or we closed it on a client that does not read.
    package mutating func webSocketClosed(isError: Bool) -> EndAction {
        switch self.state {
        case .webSocket:
            self.state = .closed
            return .end(isError ? .transportError : .transportClose)
        case .polling, .probing, .closing, .closed:
            return .ignore
        }
    }
}
