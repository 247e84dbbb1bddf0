package import WebSocketProtocol

/// So many connections a second, and after a quiet second so many at once (a token bucket).
package struct AcceptRate: Sendable {
    private let interval: Duration
    private let burst: Int
    /// When the next connection would be in time if they came evenly.
    private var due: MonotonicTime?

    /// - Parameter perSecond: at least 1.
    package init(perSecond: Int) {
        self.burst = max(1, perSecond)
        self.interval = .seconds(1) / self.burst
    }

    /// - Returns: false if it comes too soon; it is not counted then.
    package mutating func admit(now: MonotonicTime) -> Bool {
        let due = max(self.due ?? now, now)
        guard now.duration(to: due) <= self.interval * (self.burst - 1) else { return false }
        self.due = due.advanced(by: self.interval)
        return true
    }
}
