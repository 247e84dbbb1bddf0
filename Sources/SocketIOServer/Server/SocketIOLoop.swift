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

    init(server: SocketIOServer, eventLoop: any EventLoop, logger: Logger) {
        self.server = server
        self.eventLoop = eventLoop
        self.logger = logger
    }

    var deadlines: DeadlineWheel {
        let context = self.context ?? LoopContext.current(self.eventLoop)
        self.context = context
        return context.deadlines
    }

    /// Runs `body` on the event loop: at once if we are there.
    func execute(_ body: @escaping @Sendable (SocketIOLoop) -> Void) {
        if self.eventLoop.inEventLoop { body(self) } else { self.eventLoop.execute { body(self) } }
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
    /// What `body` returns on the event loop.
    func run<Value: Sendable>(_ body: @escaping @Sendable (SocketIOLoop) -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            self.execute { continuation.resume(returning: body($0)) }
        }
    }
}
