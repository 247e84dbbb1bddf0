public import EngineIOClient
public import SocketIOProtocol

/// How a client connects, comes back, and what it allows.
public struct SocketIOClientConfiguration: Sendable {
    /// The sessions below: transports, header fields, TLS, proxy, deadlines.
    public var engine = EngineIOClientConfiguration()
    /// How to come back after a session was lost or could not be opened. Nil: not at all.
    public var reconnection: SocketIOReconnection? = SocketIOReconnection()
    /// The most events that wait for a connection. Default 1,000; one more is an error.
    public var maximumBufferedEvents = 1000
    /// The most events that wait for handlers. Default 256; above it the session is not read.
    public var maximumWaitingEvents = 256
    /// Ceilings for packets of the server. Beyond one the session ends.
    public var limits = SocketIOLimits()

    public init() {}
}

/// How long to wait before each attempt to connect again: anything from nothing to a limit that doubles each time (full jitter),
/// so that the clients of a server that comes back do not come all at once.
public struct SocketIOReconnection: Sendable, Hashable {
    /// The limit for the first attempt. Default 1 s.
    public var initialDelay: Duration = .seconds(1)
    /// What the limit grows to. Default 30 s.
    public var maximumDelay: Duration = .seconds(30)
    /// The most attempts in a row. Default nil: no limit.
    public var maximumAttempts: Int?

    public init() {}

    /// - Parameters:
    ///   - attempt: counted from 0.
    ///   - random: from 0 to 1.
    func delay(attempt: Int, random: Double) -> Duration {
        var limit = min(self.initialDelay, self.maximumDelay)
        for _ in 0..<max(0, attempt) where limit < self.maximumDelay { limit = min(limit * 2, self.maximumDelay) }
        return limit * random
    }
}
