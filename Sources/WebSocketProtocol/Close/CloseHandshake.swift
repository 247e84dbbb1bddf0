/// The end of a connection as a state machine: who said goodbye, in what order, and what is left to do (RFC 6455 §7).
///
/// It decides; whoever drives it sends the frames and closes the transport *after* the mutation.
public struct CloseHandshake: ~Copyable, Sendable {
    enum State: Sendable {
        /// Messages flow. → `closeSent`, `closing`, `closed`
        case open
        /// Our Close is on its way, the peer's is awaited until the deadline. → `closing`, `closed`
        case closeSent(CloseSent)
        /// Nothing is left to say; the transport is being closed. → `closed`
        case closing(Closing)
        /// The transport is gone. Final.
        case closed(CloseOutcome)

        var phase: Phase {
            switch self {
            case .open: .open
            case .closeSent: .closeSent
            case .closing: .closing
            case .closed: .closed
            }
        }
    }

    struct CloseSent: Sendable {
        var sent: ClosePayload
        var deadline: MonotonicTime
    }

    struct Closing: Sendable {
        var outcome: CloseOutcome
        var deadline: MonotonicTime
    }

    /// What tests and assertions may ask.
    public enum Phase: Sendable, Hashable {
        case open, closeSent, closing, closed
    }

    private var state: State = .open {
        didSet { self.phase = self.state.phase }
    }
    /// Kept beside the state because every message asks for it.
    public private(set) var phase = Phase.open
    private let role: Role
    /// How long the peer may take to answer our Close, and then to close its side of the transport.
    private let timeout: Duration

    public init(role: Role, timeout: Duration) {
        self.role = role
        self.timeout = timeout
    }

    /// True while data frames may be sent (§5.5.1: none after a Close).
    @inline(__always)
    public var canSend: Bool { self.phase == .open }

    /// True while frames of the peer still count (§7.1.7: nothing after a failure or its Close).
    @inline(__always)
    public var canReceive: Bool { self.phase == .open || self.phase == .closeSent }

    /// When ``deadlineReached(now:)`` wants to be called, if ever.
    public var deadline: MonotonicTime? {
        switch self.state {
        case .open, .closed: nil
        case .closeSent(let closeSent): closeSent.deadline
        case .closing(let closing): closing.deadline
        }
    }

    /// How it ended; nil before the transport is closed.
    public var outcome: CloseOutcome? {
        if case .closed(let outcome) = self.state { outcome } else { nil }
    }
}

// MARK: - What we ask for

extension CloseHandshake {
    public enum CloseAction: Sendable, Hashable {
        /// Send the Close frame and go on reading until the peer's arrives.
        case sendClose(ClosePayload)
        /// A Close was sent or received before: nothing to do.
        case ignore
    }

    /// The application wants to close (§7.1.2).
    public mutating func close(_ payload: ClosePayload, now: MonotonicTime) -> CloseAction {
        switch self.state {
        case .open:
            self.state = .closeSent(CloseSent(sent: payload, deadline: now.advanced(by: self.timeout)))
            return .sendClose(payload)
        case .closeSent, .closing, .closed:
            return .ignore
        }
    }

    public enum FailAction: Sendable, Hashable {
        /// Send this Close frame, then close the transport.
        case sendCloseAndCloseTransport(ClosePayload)
        /// A Close frame went out before: just close the transport.
        case closeTransport
        /// The connection is already ending.
        case ignore
    }

    /// The connection fails (§7.1.7): a peer's violation, a missed deadline, an error of the application.
    public mutating func fail(
        _ payload: ClosePayload,
        violation: ProtocolViolation? = nil,
        now: MonotonicTime
    ) -> FailAction {
        switch self.state {
        case .open:
            self.state = .closing(
                Closing(
                    outcome: CloseOutcome(sent: payload, received: nil, initiator: .local, violation: violation),
                    deadline: now.advanced(by: self.timeout)
                )
            )
            return .sendCloseAndCloseTransport(payload)
        case .closeSent(let closeSent):
            self.state = .closing(
                Closing(
                    outcome: CloseOutcome(sent: closeSent.sent, received: nil, initiator: .local, violation: violation),
                    deadline: now.advanced(by: self.timeout)
                )
            )
            return .closeTransport
        case .closing, .closed:
            return .ignore
        }
    }
}

// MARK: - What the world does

extension CloseHandshake {
    public enum ReceivedCloseAction: Sendable, Hashable {
        /// Answer with this frame, then close the transport (server) or wait for the peer to do so (client).
        case reply(ClosePayload, transport: TransportAction)
        /// Both Close frames are exchanged.
        case finish(transport: TransportAction)
        case ignore
    }

    public enum TransportAction: Sendable, Hashable {
        /// Close our side now: the server goes first, so that TIME_WAIT stays with it (§7.1.1).
        case closeNow
        /// Wait for the server to close, until the deadline.
        case awaitPeer
    }

    /// A valid Close frame arrived (§5.5.1). The reply echoes its code.
    public mutating func receivedClose(_ payload: ClosePayload, now: MonotonicTime) -> ReceivedCloseAction {
        let transport: TransportAction = self.role == .server ? .closeNow : .awaitPeer
        switch self.state {
        case .open:
            let reply = self.reply(to: payload)
            self.state = .closing(
                Closing(
                    outcome: CloseOutcome(sent: reply, received: payload, initiator: .remote, violation: nil),
                    deadline: now.advanced(by: self.timeout)
                )
            )
            return .reply(reply, transport: transport)
        case .closeSent(let closeSent):
            self.state = .closing(
                Closing(
                    outcome: CloseOutcome(sent: closeSent.sent, received: payload, initiator: .local, violation: nil),
                    deadline: now.advanced(by: self.timeout)
                )
            )
            return .finish(transport: transport)
        case .closing, .closed:
            return .ignore
        }
    }

    private func reply(to payload: ClosePayload) -> ClosePayload {
        // 1010 is a client's word; a server that echoed it would send what §7.4.1 keeps from it.
        guard let code = payload.code else { return .empty }
        return ClosePayload(uncheckedCode: code.isSendable(by: self.role) ? code : .normalClosure, reason: "")
    }

    public enum DeadlineAction: Sendable, Hashable {
        /// The peer took too long: drop the transport.
        case dropTransport
        case wait
    }

    /// Time has passed. A peer that never answers our Close must not hold the connection.
    public mutating func deadlineReached(now: MonotonicTime) -> DeadlineAction {
        guard let deadline = self.deadline, deadline <= now else { return .wait }
        return .dropTransport
    }

    /// The transport is gone, from whichever side.
    /// - Returns: how the connection ended; the same value on every later call.
    public mutating func transportClosed() -> CloseOutcome {
        let outcome: CloseOutcome
        switch self.state {
        case .open:
            outcome = CloseOutcome(sent: nil, received: nil, initiator: .remote, violation: nil)
        case .closeSent(let closeSent):
            outcome = CloseOutcome(sent: closeSent.sent, received: nil, initiator: .local, violation: nil)
        case .closing(let closing):
            outcome = closing.outcome
        case .closed(let known):
            return known
        }
        self.state = .closed(outcome)
        return outcome
    }
}
