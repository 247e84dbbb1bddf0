internal import EngineIOProtocol
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketServer

/// The sessions of one event loop.
final class EngineIOLoop: @unchecked Sendable {
    // Safety: every stored property that is not a `let` is touched on `eventLoop` only.

    let core: EngineIOCore
    let eventLoop: any EventLoop
    /// Part of the ids of its sessions.
    let number: Int
    let gzip = GzipEncoder()
    private(set) var isShuttingDown = false
    private var sessions: [String: EngineIOSession] = [:]
    private var unflushed: [EngineIOSession] = []
    private var context: LoopContext?
    private var startTask: HTTPExchange.TaskStarter?

    init(core: EngineIOCore, eventLoop: any EventLoop, number: Int) {
        self.core = core
        self.eventLoop = eventLoop
        self.number = number
    }

    var deadlines: DeadlineWheel {
        let context = self.context ?? LoopContext.current(self.eventLoop)
        self.context = context
        return context.deadlines
    }

    /// Runs `body` on the event loop: at once if we are there.
    func execute(_ body: @escaping @Sendable (EngineIOLoop) -> Void) {
        if self.eventLoop.inEventLoop { body(self) } else { self.eventLoop.execute { body(self) } }
    }
}

// MARK: - Sessions

extension EngineIOLoop {
    func makeSession(_ transport: EngineIOTransport, _ exchange: HTTPExchange, _ permit: SessionPermit)
        -> EngineIOSession
    {
        if self.startTask == nil { self.startTask = exchange.taskStarter }
        var random = SystemRandomNumberGenerator()
        let id = SessionID.make(loop: self.number, random: (random.next(), random.next()))
        let session = EngineIOSession(
            id: id, transport: transport, request: exchange.request, loop: self, permit: permit)
        self.sessions[id] = session
        return session
    }

    /// The session, unless its time is up.
    func session(_ id: String) -> EngineIOSession? {
        guard let session = self.sessions[id] else { return nil }
        session.catchUpWithTime()
        return self.sessions[id]
    }

    func remove(_ session: EngineIOSession) {
        self.sessions[session.id] = nil
        self.deadlines.remove(session)
    }

    /// Runs a child task of the server's `run()`; there is one, as there is a session.
    func runTask(_ body: @escaping @Sendable () async -> Void) {
        self.startTask?(body)
    }

    /// Ends all sessions, also those that are about to begin.
    func shutDown() {
        self.isShuttingDown = true
        for session in Array(self.sessions.values) { session.shutDown() }
    }
}

// MARK: - Turns

extension EngineIOLoop {
    /// What a session sends in one turn of the event loop leaves together: one answer to a poll, one hop to the event loop
    /// of its socket.
    func needsFlush(_ session: EngineIOSession) {
        self.unflushed.append(session)
        guard self.unflushed.count == 1 else { return }
        self.eventLoop.assumeIsolated().execute { self.flushAll() }
    }

    private func flushAll() {
        var sessions: [EngineIOSession] = []
        swap(&sessions, &self.unflushed)
        for session in sessions { session.flush() }
        guard self.unflushed.isEmpty else { return }
        sessions.removeAll(keepingCapacity: true)
        self.unflushed = sessions
    }
}
