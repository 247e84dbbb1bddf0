internal import WebSocketProtocol

/// The server's ping and the client's pong, on either transport (Engine.IO protocol v4, "Heartbeat").
struct Heartbeat: Sendable, Hashable {
    private enum State: Hashable {
        /// The next ping is due at this time.
        case quiet(until: MonotonicTime)
        /// A ping was sent; its pong is due at this time.
        case awaitingPong(until: MonotonicTime)
    }

    private var state: State

    /// Who drives us may be as late as this. A client's time counts from when the ping was due, but not from earlier: a
    /// server that stood still must not blame its clients.
    private static let allowedLateness = Duration.milliseconds(50)

    init(now: MonotonicTime, timing: SessionTiming) {
        self.state = .quiet(until: now.advanced(by: timing.pingInterval))
    }

    var deadline: MonotonicTime {
        switch self.state {
        case .quiet(let time), .awaitingPong(let time): time
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
            self.state = .awaitingPong(until: (isOnTime ? due : now).advanced(by: timing.pingTimeout))
            return .sendPing
        case .awaitingPong:
            return .timeOut
        }
    }

    /// One that nobody asked for changes nothing: a client can't put pings off.
    mutating func receivedPong(now: MonotonicTime, timing: SessionTiming) {
        guard case .awaitingPong = self.state else { return }
        self.state = .quiet(until: now.advanced(by: timing.pingInterval))
    }
}
