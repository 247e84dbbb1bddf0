internal import WebSocketProtocol

/// The server's ping and the client's pong, on either transport (Engine.IO protocol v4, "Heartbeat").
struct Heartbeat: Sendable, Hashable {
    private enum State: Hashable {
        /// The next ping is due at this time.
        case quiet(until: MonotonicTime)
        /// A ping was sent; its pong is due at this time. The next ping is due a whole interval after this one was, so that
        /// lateness does not add up.
        case awaitingPong(until: MonotonicTime, nextPing: MonotonicTime)
    }

    private var state: State
    /// The application takes nothing in, so a pong may wait unread: no reason to give the client up.
    private var isHeldUp = false

    /// Who drives us may be as late as this. A client's time counts from when the ping was due, but not from earlier: a
    /// server that stood still must not blame its clients.
    private static let allowedLateness = Duration.milliseconds(50)

    init(now: MonotonicTime, timing: SessionTiming) {
        self.state = .quiet(until: now.advanced(by: timing.pingInterval))
    }

    var deadline: MonotonicTime {
        switch self.state {
        case .quiet(let time), .awaitingPong(let time, _): time
        }
    }

    enum Action: Hashable {
        case sendPing
        case timeOut
        case wait
    }

    mutating func deadlineReached(now: MonotonicTime, timing: SessionTiming) -> Action {
        guard self.deadline <= now else { return .wait }
        switch self.state {
        case .quiet(let due):
            let isOnTime = due.advanced(by: Heartbeat.allowedLateness) >= now
            let begin = isOnTime ? due : now
            self.state = .awaitingPong(
                until: begin.advanced(by: timing.pingTimeout), nextPing: begin.advanced(by: timing.pingInterval))
            return .sendPing
        case .awaitingPong(_, let nextPing):
            guard self.isHeldUp else { return .timeOut }
            self.state = .awaitingPong(until: now.advanced(by: timing.pingTimeout), nextPing: nextPing)
            return .wait
        }
    }

    mutating func holdUp() {
        self.isHeldUp = true
    }

    /// The client has its whole time again: what it sent meanwhile is yet to be read.
    mutating func goOn(now: MonotonicTime, timing: SessionTiming) {
        self.isHeldUp = false
        guard case .awaitingPong(_, let nextPing) = self.state else { return }
        self.state = .awaitingPong(until: now.advanced(by: timing.pingTimeout), nextPing: nextPing)
    }

    /// One that nobody asked for changes nothing: a client can't put pings off.
    mutating func receivedPong(now: MonotonicTime) {
        guard case .awaitingPong(_, let nextPing) = self.state else { return }
        self.state = .quiet(until: max(now, nextPing))
    }
}
