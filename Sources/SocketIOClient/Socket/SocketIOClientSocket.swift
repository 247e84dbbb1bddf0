internal import EngineIOClient
internal import Logging
internal import SocketIOProtocol
internal import Synchronization

/// A client's place in a namespace. It may be used from any task.
///
/// Events that are sent while there is no connection wait for one. Delivery is at most once: what is under way when a connection
/// is lost may be lost, too, unless the server recovers it; ``emitWithAck(_:_:timeout:as:)`` tells what has arrived.
public final class SocketIOClientSocket: Sendable {
    public let namespace: String
    let client: SocketIOClient
    let auth: (@Sendable () async throws -> SocketIOValue?)?
    /// What is sent is put into the session's queue under this lock: so nothing overtakes what decides about it.
    let state = Mutex(State())
    let handlers = Mutex(Handlers())

    struct State {
        var id: String?
        var phase = Phase.absent
        /// How often the socket has asked to be let in.
        var membershipCount = 0
        /// False once it was disconnected on purpose.
        var isWanted = true
        /// There is no further connection.
        var isOver = false
        var privateID: String?
        /// The last string at the end of an event: by it a server that recovers knows what this client has.
        var offset: String?
        /// Events that wait for a connection.
        var outbound: [OutgoingEvent] = []
        /// Whether the server was asked for what this client has missed.
        var isRecovering = false
        /// Events that came before the connection was confirmed: what was missed.
        var early: [SocketIOPacket] = []
        var nextAcknowledgmentID: UInt64 = 0
        var pending: [UInt64: PendingAnswer] = [:]
    }

    struct Handlers {
        typealias EventHandler = @Sendable ([SocketIOValue]) async throws -> [SocketIOValue]?

        var events: [String: [EventHandler]] = [:]
        var any: [@Sendable (String, [SocketIOValue]) async -> Void] = []
        var connect: [@Sendable (Bool) async -> Void] = []
        var disconnect: [@Sendable (String) async -> Void] = []
        var connectError: [@Sendable (SocketIOConnectError) async -> Void] = []
        var error: [@Sendable (String, any Error) async -> Void] = []
    }

    init(namespace: String, client: SocketIOClient, auth: (@Sendable () async throws -> SocketIOValue?)?) {
        self.namespace = namespace
        self.client = client
        self.auth = auth
    }

    /// The id that the server gave; nil before the first connection. No secret.
    public var id: String? { self.state.withLock { $0.id } }

    public var isConnected: Bool { self.state.withLock { $0.phase.confirmed != nil } }
}
