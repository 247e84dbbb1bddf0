public import EngineIOServer
public import SocketIOProtocol

/// What sockets are allowed. The defaults are those of the JavaScript server where it has them.
public struct SocketIOConfiguration: Sendable {
    /// The sessions below: transports, heartbeat, sizes, pages that may use the server.
    public var engine = EngineIOConfiguration()
    /// How long a session may be without a namespace. Default 45 s; then it is closed.
    public var connectTimeout: Duration = .seconds(45)
    /// Ceilings for packets. Beyond one the session ends with "parse error".
    public var limits = SocketIOLimits()
    /// The most namespaces that one session may be in. Default 64. One more ends the session with "parse error".
    public var maximumNamespacesPerSession = 64
    /// The most events that may wait for an `async` handler of their socket. Default 256; above it the session is not read
    /// until half of them are done. What one request or one read brought is taken in whole, so it may be more for a while.
    public var maximumWaitingEvents = 256
    /// Lets a client that was cut off come back to its socket, its rooms and the events it has missed. Default nil: no. For
    /// one namespace only: ``SocketIOServer/of(_:recovery:)``.
    public var recovery: SocketIORecovery?
    /// The most that all namespaces together keep for recovery, in bytes. Default 64 MiB: clients may make namespaces up, and
    /// leave each with something to be kept. Over it a namespace that has more to keep forgets what is oldest there.
    public var recoveryByteCount = 64 * 1024 * 1024

    public init() {}
}

/// Connection state recovery: what is kept, in memory, for clients that may come back.
///
/// A client that comes back in time gets all that it missed, in order, each event once, or a new socket; never a part. It works
/// before the first event, after volatile events, and while the server has not noticed yet that the client was gone.
/// Events that ask for an acknowledgment and volatile ones are not sent again.
///
/// Every event gets a last argument more, by which the JavaScript client says what it has. Clients that know nothing of recovery
/// hand it to their applications, too.
public struct SocketIORecovery: Sendable, Hashable {
    /// How long a client may be away. Default 120 s.
    public var maximumDisconnection: Duration = .seconds(120)
    /// The most events of a namespace that are kept. Default 10,000.
    public var maximumEventCount = 10_000
    /// The most bytes of events of a namespace that are kept. Default 16 MiB.
    public var maximumByteCount = 16 * 1024 * 1024
    /// The most sockets of a namespace that are remembered while they are away. Default 10,000; over it the one that went
    /// first is forgotten.
    public var maximumSocketCount = 10_000

    public init() {}
}
