internal import EngineIOServer
internal import Logging
internal import NIOCore
internal import WebSocketNIO

/// The sockets of one event loop.
final class SocketIOLoop: @unchecked Sendable {
    // Safety: every stored property that is not a `let` is touched on `eventLoop` only.

    let server: SocketIOServer
    let eventLoop: any EventLoop
    let logger: Logger
    private var members: [ObjectIdentifier: NamespaceMembers] = [:]
    private var context: LoopContext?
    private let sweeper: RecoverySweeper

    init(server: SocketIOServer, eventLoop: any EventLoop, logger: Logger) {
        self.server = server
        self.eventLoop = eventLoop
        self.logger = logger
        self.sweeper = RecoverySweeper(server: server)
    }

    var deadlines: DeadlineWheel {
        let context = self.context ?? LoopContext.current(self.eventLoop)
        self.context = context
        return context.deadlines
    }

    /// Runs `body` on the event loop, after all that the caller has asked for before in the namespace.
    ///
    /// While recovery is on, events reach the event loop in the order of their numbers, which takes a trip through its
    /// queue; so everything else takes it, too.
    func execute(in namespace: SocketIONamespace, _ body: @escaping @Sendable (SocketIOLoop) -> Void) {
        if namespace.recovery == nil && self.eventLoop.inEventLoop {
            body(self)
        } else {
            self.eventLoop.execute { body(self) }
        }
    }

    /// A namespace keeps something from now on, and not for ever.
    func sweep(_ recovery: RecoveryStore) {
        self.sweeper.schedule(recovery.sweepInterval, on: self.deadlines)
    }

    func opened(_ session: EngineIOSession) {
        SocketIOConnection(session: session, loop: self).begin()
    }
}

// MARK: - Members

extension SocketIOLoop {
    /// Who is in a namespace; nil if nobody is.
    func members(of namespace: SocketIONamespace) -> NamespaceMembers? {
        self.members[ObjectIdentifier(namespace)]
    }

    func add(_ socket: SocketIOSocket) {
        let key = ObjectIdentifier(socket.namespace)
        let members = self.members[key] ?? NamespaceMembers()
        self.members[key] = members
        members.add(socket)
    }

    func remove(_ socket: SocketIOSocket) {
        let key = ObjectIdentifier(socket.namespace)
        guard let members = self.members[key] else { return }
        members.remove(socket)
        if members.isEmpty { self.members[key] = nil }
    }
}

extension SocketIOLoop {
    /// What `body` returns on the event loop; see ``execute(in:_:)``.
    func run<Value: Sendable>(
        in namespace: SocketIONamespace, _ body: @escaping @Sendable (SocketIOLoop) -> Value
    ) async -> Value {
        await withCheckedContinuation { continuation in
            self.execute(in: namespace) { continuation.resume(returning: body($0)) }
        }
    }
}
