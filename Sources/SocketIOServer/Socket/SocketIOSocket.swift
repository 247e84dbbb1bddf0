public import EngineIOServer
public import NIOCore
public import SocketIOProtocol
internal import Synchronization

/// A client in a namespace.
///
/// It may be used from any task or thread. What one of them sends arrives in order. Nothing is sent to a socket that is
/// disconnected.
public final class SocketIOSocket: SocketIOBroadcasting, @unchecked Sendable {
    // Safety: `shared` has a lock; every other stored property that is not a `let` is touched on the session's event loop
    // only. How it works is in extensions: `+Emitting`, `+Acknowledging`, `+Receiving`, `+Rooms`, `+Life`.

    /// 20 characters. No secret: other clients may know it. A recovered socket keeps it.
    public let id: String
    public let namespace: SocketIONamespace
    /// What the client authenticates itself with, an object; nil if it sent nothing.
    public let auth: SocketIOValue?
    /// True if the client came back to this socket: it has its id, rooms and ``data``, and gets what it missed.
    public let isRecovered: Bool

    let connection: SocketIOConnection
    let shared: Mutex<Shared>
    var state = State.connecting
    /// By the id of the event.
    var pendingAcknowledgments: [UInt64: PendingAcknowledgment] = [:]
    /// Events that wait for those before them; nil until an `async` handler runs.
    var queue: HandlerQueue?
    var recoveryTicket: RecoveryTicket?

    enum State {
        case connecting
        case connected
        case disconnected
    }

    struct Shared {
        var rooms: Set<String> = []
        var data = SocketIOValue.null
        var isConnected = false
    }

    init(
        id: String, namespace: SocketIONamespace, auth: SocketIOValue?, connection: SocketIOConnection,
        away: AwaySocket? = nil
    ) {
        self.id = id
        self.namespace = namespace
        self.auth = auth
        self.connection = connection
        self.isRecovered = away != nil
        self.shared = Mutex(Shared(rooms: Set(away?.history.rooms.map { $0 } ?? []), data: away?.data ?? .null))
    }
}

extension SocketIOSocket {
    /// The request that the session began with: address, header fields, cookies.
    public var request: ServerRequest { self.connection.session.request }

    /// Where the socket lives.
    public var eventLoop: any EventLoop { self.connection.session.eventLoop }

    /// What the application wants to remember of the client.
    public var data: SocketIOValue {
        get { self.shared.withLock { $0.data } }
        set { self.shared.withLock { $0.data = newValue } }
    }

    /// True from the first `onConnect` handler to the first `onDisconnect` handler.
    public var isConnected: Bool { self.shared.withLock { $0.isConnected } }

    /// All other sockets of the namespace.
    public var everybody: SocketIOBroadcast { SocketIOBroadcast(namespace: self.namespace).adding(except: [self.id]) }

    /// The same as ``everybody``: all but this one.
    public var broadcast: SocketIOBroadcast { self.everybody }
}

extension SocketIOSocket: Hashable {
    public static func == (lhs: SocketIOSocket, rhs: SocketIOSocket) -> Bool { lhs === rhs }

    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
