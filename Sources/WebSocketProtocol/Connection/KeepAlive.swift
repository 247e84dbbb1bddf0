/// When to ping, when to give up on a silent peer, and how long the way there and back takes (RFC 6455 §5.5.2).
///
/// It has no clock and no timer: whoever drives it calls ``deadlineReached(now:isReadingPaused:)`` at or after
/// ``deadline``.
public struct KeepAlive: Sendable {
    public struct Configuration: Sendable, Hashable {
        /// Time between pings. Default 20 s: shorter than the idle limits of common proxies (nginx 60 s, AWS 60 s,
        /// Heroku 55 s). Nil sends none. Each connection starts at a random point of the first interval, so that
        /// connections accepted together do not ping together.
        /// More than 0.
        public var pingInterval: Duration? {
            didSet { Configuration.check(self.pingInterval) }
        }
        /// How long the peer may show no sign of life after a ping before the connection fails with 1011. Default 20 s.
        /// Any received byte counts; time during which *we* do not read does not.
        public var pongTimeout: Duration
        /// How long the connection may carry no message in either direction before it is closed with 1001; looked at
        /// once per such span, so that quiet is noticed after one to two of them.
        /// Default nil: a live channel may be quiet, and pings find dead peers.
        public var idleTimeout: Duration?

        public init(
            pingInterval: Duration? = .seconds(20),
            pongTimeout: Duration = .seconds(20),
            idleTimeout: Duration? = nil
        ) {
            Configuration.check(pingInterval)
            self.pingInterval = pingInterval
            self.pongTimeout = pongTimeout
            self.idleTimeout = idleTimeout
        }

        private static func check(_ pingInterval: Duration?) {
            precondition(
                pingInterval.map { $0 > .zero } ?? true,
                "the interval between pings must be more than 0; nil sends none")
        }
    }

    public enum Action: Sendable, Hashable {
        /// Send a Ping with this payload (eight bytes, network order).
        case sendPing(UInt64)
        /// The peer is silent: fail with 1011.
        case pongTimedOut
        /// No messages for too long: close with 1001.
        case idleTimedOut
        case wait
    }

    private struct OutstandingPing {
        var payload: UInt64
        var sentAt: MonotonicTime
        var giveUpAt: MonotonicTime
    }

    private let configuration: Configuration
    private var nextPing: MonotonicTime?
    private var idleDeadline: MonotonicTime?
    private var outstanding: OutstandingPing?
    private var nextPayload: UInt64
    private var hasReceivedBytes = false
    private var hasCarriedMessage = false

    /// The round-trip time of the last answered ping of ours.
    public private(set) var roundTripTime: Duration?

    /// - Parameters:
    ///   - configuration: how often and how long.
    ///   - now: when the connection was opened.
    ///   - random: unpredictable bits: they spread the first ping and make pongs unguessable.
    public init(_ configuration: Configuration, now: MonotonicTime, random: UInt64) {
        self.configuration = configuration
        self.nextPayload = random
        if let interval = configuration.pingInterval {
            let nanoseconds = max(1, interval.clampedNanoseconds)
            self.nextPing = now.advanced(by: .nanoseconds(Int64(random % UInt64(nanoseconds)) + 1))
        }
        self.idleDeadline = configuration.idleTimeout.map(now.advanced(by:))
    }

    /// The earliest time at which ``deadlineReached(now:isReadingPaused:)`` has something to do; nil for never.
    public var deadline: MonotonicTime? {
        var earliest = self.nextPing
        for candidate in [self.idleDeadline, self.outstanding?.giveUpAt] {
            guard let candidate else { continue }
            earliest = earliest.map { min($0, candidate) } ?? candidate
        }
        return earliest
    }

    /// Bytes arrived: the peer lives. Cheap enough for every read.
    @inline(__always)
    public mutating func receivedBytes() {
        self.hasReceivedBytes = true
    }

    /// A data message was received or sent.
    @inline(__always)
    public mutating func carriedMessage() {
        self.hasCarriedMessage = true
    }

    /// A Pong arrived. Unsolicited ones and those of older pings are ignored (§5.5.3).
    /// - Returns: the number the pong answers, or nil if it can't be one of ours; every ping sent up to that number is
    ///   answered by it, since a peer may answer only the most recent of several.
    public mutating func receivedPong(_ payload: [UInt8], now: MonotonicTime) -> UInt64? {
        guard payload.count == 8 else { return nil }
        let number = payload.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // Numbers may wrap around; "sent before" is a distance below half the range.
        guard self.nextPayload &- number &- 1 < UInt64.max / 2 else { return nil }
        if let ping = self.outstanding, number &- ping.payload < UInt64.max / 2 {
            self.outstanding = nil
            self.roundTripTime = ping.sentAt.duration(to: now)
        }
        return number
    }

    /// The application wants a ping of its own.
    /// - Returns: the payload to send. Such a ping measures; it does not fail the connection.
    public mutating func takePayload() -> UInt64 {
        defer { self.nextPayload &+= 1 }
        return self.nextPayload
    }

    public mutating func deadlineReached(now: MonotonicTime, isReadingPaused: Bool) -> Action {
        if let ping = self.outstanding, ping.giveUpAt <= now {
            // While we do not read, a pong may wait in the socket: silence then proves nothing.
            guard self.hasReceivedBytes || isReadingPaused else { return .pongTimedOut }
            self.hasReceivedBytes = false
            self.outstanding?.giveUpAt = now.advanced(by: self.configuration.pongTimeout)
        }
        if let deadline = self.idleDeadline, let timeout = self.configuration.idleTimeout, deadline <= now {
            guard self.hasCarriedMessage || isReadingPaused else { return .idleTimedOut }
            self.hasCarriedMessage = false
            self.idleDeadline = now.advanced(by: timeout)
        }
        if let due = self.nextPing, let interval = self.configuration.pingInterval, due <= now {
            self.nextPing = now.advanced(by: interval)
            // One ping at a time: a peer that is slow to answer is not flooded.
            if self.outstanding == nil { return .sendPing(self.beginPing(now: now)) }
        }
        return .wait
    }

    private mutating func beginPing(now: MonotonicTime) -> UInt64 {
        let payload = self.takePayload()
        self.hasReceivedBytes = false
        self.outstanding = OutstandingPing(
            payload: payload,
            sentAt: now,
            giveUpAt: now.advanced(by: self.configuration.pongTimeout)
        )
        return payload
    }

    /// A ping payload as it stands on the wire.
    public static func bytes(of payload: UInt64) -> [UInt8] {
        withUnsafeBytes(of: payload.bigEndian, Array.init)
    }
}
