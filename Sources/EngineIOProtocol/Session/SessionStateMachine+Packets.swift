package import WebSocketProtocol

/// Packets of the transport that carries the session.
extension SessionStateMachine {
    package enum ReceivedAction: Sendable, Hashable {
        /// Hand the message to the application.
        case deliver
        case end(EngineIOCloseReason)
        case ignore
    }

    /// A packet came in, in a POST or over the WebSocket.
    package mutating func received(_ type: PacketType, now: MonotonicTime) -> ReceivedAction {
        guard self.isOpen else { return self.receivedWhileClosing(type) }
        switch type {
        case .message:
            return .deliver
        case .pong:
            self.receivedPong(now: now)
            return .ignore
        case .noop:
            // Some clients send one while they move to WebSocket.
            return .ignore
        case .close:
            self.state = .closed
            return .end(.forcedClose)
        case .ping, .open, .upgrade:
            // The server pings, the server opens, and an upgrade comes over the socket that asked for it.
            self.state = .closed
            return .end(.parseError)
        }
    }

    /// The application is told no more; but a client that says close need not be told itself.
    private mutating func receivedWhileClosing(_ type: PacketType) -> ReceivedAction {
        guard case .closing = self.state, type == .close else { return .ignore }
        self.state = .closed
        return .end(.forcedClose)
    }

    private mutating func receivedPong(now: MonotonicTime) {
        self.changeHeartbeat { $0.receivedPong(now: now) }
    }
}

// MARK: - Holding up

extension SessionStateMachine {
    /// The application takes in nothing for a while: no pong is missed.
    package mutating func receivingPaused() {
        self.changeHeartbeat { $0.holdUp() }
    }

    package mutating func receivingResumed(now: MonotonicTime) {
        let timing = self.timing
        self.changeHeartbeat { $0.goOn(now: now, timing: timing) }
    }

    private mutating func changeHeartbeat(_ change: (inout Heartbeat) -> Void) {
        switch self.state {
        case .polling(var polling):
            change(&polling.heartbeat)
            self.state = .polling(polling)
        case .probing(var probing):
            change(&probing.polling.heartbeat)
            self.state = .probing(probing)
        case .webSocket(var webSocket):
            change(&webSocket.heartbeat)
            self.state = .webSocket(webSocket)
        case .closing, .closed:
            break
        }
    }
}
