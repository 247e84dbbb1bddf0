package import WebSocketProtocol

/// One session: which transport carries it, who waits for what, and when that is too long (Engine.IO protocol v4).
///
/// Pure: packets, sockets and requests stay with whoever drives it, and it says what to do with them. It is told of what
/// happened in the past tense, asked to act in the imperative, and never calls back. Act on what it says *after* the call:
/// by then it is in its new state.
///
/// Its topics are in extensions: `+Polling`, `+Upgrade`, `+Packets`, `+Ending`, `+Deadlines`.
package struct SessionStateMachine: ~Copyable, Sendable {
    enum State {
        /// Carried by polling alone. → `probing`, `closing`, `closed`
        case polling(Polling)
        /// Carried by polling, while a WebSocket asks to take over. → `polling`, `webSocket`, `closing`, `closed`
        case probing(Probing)
        /// Carried by a WebSocket, from the start or for good. → `closed`
        case webSocket(WebSocket)
        /// The application has closed it, and the next poll takes the news to the client. → `closed`
        case closing(Closing)
        /// Over.
        case closed
    }

    struct Polling {
        var heartbeat: Heartbeat
        /// A GET waits for packets.
        var isPolled = false
        /// A POST brings packets.
        var isPushing = false
    }

    struct Probing {
        var polling: Polling
        /// When the socket must have taken over.
        let giveUpAt: MonotonicTime
        /// When to let a waiting GET return; nil until the probe is answered.
        var nextNoop: MonotonicTime?

        init(from polling: Polling, giveUpAt: MonotonicTime) {
            self.polling = polling
            self.giveUpAt = giveUpAt
        }
    }

    struct WebSocket {
        var heartbeat: Heartbeat

        init(heartbeat: Heartbeat) {
            self.heartbeat = heartbeat
        }

        init(from probing: Probing) {
            self.heartbeat = probing.polling.heartbeat
        }
    }

    struct Closing {
        let giveUpAt: MonotonicTime
        var isPushing: Bool

        init(from polling: Polling, giveUpAt: MonotonicTime) {
            self.giveUpAt = giveUpAt
            self.isPushing = polling.isPushing
        }
    }

    var state: State
    let timing: SessionTiming

    /// A session whose handshake was answered.
    package init(transport: EngineIOTransport, timing: SessionTiming, now: MonotonicTime) {
        let heartbeat = Heartbeat(now: now, timing: timing)
        self.timing = timing
        switch transport {
        case .polling: self.state = .polling(Polling(heartbeat: heartbeat))
        case .webSocket: self.state = .webSocket(WebSocket(heartbeat: heartbeat))
        }
    }
}

// MARK: - What can be asked

extension SessionStateMachine {
    /// The state without what belongs to it.
    package enum Phase: Sendable, Hashable, CaseIterable {
        case polling
        case probing
        case webSocket
        case closing
        case closed
    }

    package var phase: Phase {
        switch self.state {
        case .polling: .polling
        case .probing: .probing
        case .webSocket: .webSocket
        case .closing: .closing
        case .closed: .closed
        }
    }

    /// True if the application may send, and gets what the client sends.
    package var isOpen: Bool {
        switch self.state {
        case .polling, .probing, .webSocket: true
        case .closing, .closed: false
        }
    }

    package var transport: EngineIOTransport {
        if case .webSocket = self.state { .webSocket } else { .polling }
    }

    /// True if a GET waits for packets.
    package var isPolled: Bool {
        switch self.state {
        case .polling(let polling): polling.isPolled
        case .probing(let probing): probing.polling.isPolled
        case .webSocket, .closing, .closed: false
        }
    }
}
