public import EngineIOProtocol
internal import HTTPTypes
public import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol
public import WebSocketServer

/// The conversation with one client, over whatever carries it at the moment.
///
/// A session lives on one event loop, ``eventLoop``. Everything but the constants and ``execute(_:)`` belongs there and
/// traps elsewhere. Callbacks are called there and must not block.
public final class EngineIOSession: DeadlineTarget, @unchecked Sendable {
    // Safety: every stored property that is not a `let` is touched on `eventLoop` only. How it works is in extensions:
    // `+Polling`, `+WebSocket`, `+Ending`, `+Deadlines`.

    /// 20 characters that nobody can guess: whoever knows them may speak for the client. Not to be logged or shown.
    public let id: String
    /// The handshake request. A session that began with polling keeps it in a form that takes little memory, and makes it
    /// anew each time.
    public var request: ServerRequest {
        switch self.handshake {
        case .stored(let stored): stored.request
        case .shared(let request): request
        }
    }
    private let handshake: Handshake
    private let maximumPacketsPerPoll: Int
    let loop: EngineIOLoop
    var machine: SessionStateMachine
    var queue = OutboundQueue()
    var isFlushRequested = false
    /// The GET that waits for packets.
    var poll: Poll?
    /// The GET whose answer the client has not taken yet: no other is answered meanwhile.
    var untakenAnswer: HTTPExchange?
    /// The POST that brings packets.
    var push: HTTPExchange?
    /// The socket that carries the session.
    var socket: SessionSocket?
    /// The socket that asks to take over.
    var probe: SessionSocket?
    var permit: SessionPermit?
    var receiving = Receiving()
    package var deadlineTick: Int64?
    /// When the wheel calls; not later than the machine's deadline.
    var wakeUpTime: MonotonicTime?

    var onMessage: ((EngineIOSession, EngineIOMessage) -> Void)?
    var onClose: ((EngineIOCloseReason) -> Void)?
    var onTransportChange: ((EngineIOSession, EngineIOTransport) -> Void)?
    var closeReason: EngineIOCloseReason?

    private enum Handshake {
        case stored(StoredRequest)
        /// The WebSocket has the header fields, too: the same ones take the least.
        indirect case shared(ServerRequest)
    }

    init(
        id: String, transport: EngineIOTransport, request: ServerRequest, loop: EngineIOLoop, permit: SessionPermit
    ) {
        self.id = id
        self.handshake = transport == .polling ? .stored(StoredRequest(request)) : .shared(request)
        self.maximumPacketsPerPoll = request.maximumPacketsPerPoll
        self.loop = loop
        self.permit = permit
        self.machine = SessionStateMachine(transport: transport, timing: loop.core.timing, now: DeadlineWheel.now())
        self.updateDeadline()
    }

    public var eventLoop: any EventLoop { self.loop.eventLoop }

    /// Runs a child task of the server's `run()`, on the session's event loop. It may outlive the session.
    /// On the event loop only.
    public func run(_ body: @escaping @Sendable () async -> Void) {
        self.eventLoop.preconditionInEventLoop()
        self.loop.runTask(body)
    }

    /// Runs `body` on the session's event loop: at once if we are there.
    public func execute(_ body: @escaping @Sendable (EngineIOSession) -> Void) {
        if self.eventLoop.inEventLoop { body(self) } else { self.eventLoop.execute { body(self) } }
    }
}

extension EngineIOSession: Hashable {
    public static func == (lhs: EngineIOSession, rhs: EngineIOSession) -> Bool { lhs === rhs }

    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

// MARK: - Sending

extension EngineIOSession {
    /// What carries the session now.
    public var transport: EngineIOTransport {
        self.eventLoop.preconditionInEventLoop()
        return self.machine.transport
    }

    /// True if what is sent now leaves at once: a poll waits, or the WebSocket takes bytes. Otherwise messages queue up, and
    /// one that is worth nothing later had better not be sent.
    public var isWritable: Bool {
        self.eventLoop.preconditionInEventLoop()
        guard self.machine.isOpen else { return false }
        return self.socket.map { !$0.isCongested } ?? (self.machine.isPolled && self.untakenAnswer == nil)
    }

    /// Sends a message, or queues it until the client can take it. Does nothing once the session is closed.
    ///
    /// Messages arrive in order, each once, unless the session ends before.
    public func send(_ message: EngineIOMessage) {
        self.send(.message(message))
    }

    /// Sends messages that are sent to other sessions, too.
    public func send(_ prepared: PreparedEngineIOMessage) {
        guard !prepared.messages.isEmpty else { return }
        self.send(.prepared(prepared))
    }

    func send(_ item: OutboundQueue.Item) {
        self.eventLoop.preconditionInEventLoop()
        guard self.machine.isOpen else { return }
        if let socket = self.socket, socket.isLocal { return socket.connection.send(item) }
        let inFlight = self.socket?.byteCountInFlight ?? 0
        let limit = self.loop.core.configuration.outboundQueueByteCount
        guard self.queue.append(item, behind: inFlight, limit: limit) else { return self.fail(.transportError) }
        guard !self.isFlushRequested else { return }
        self.isFlushRequested = true
        self.loop.needsFlush(self)
    }

    /// What waits, as the answer to a poll.
    func takePayload() -> ByteBuffer {
        self.queue.takePayload(maximumPacketCount: self.maximumPacketsPerPoll)
    }

    /// True if all that waits and a "close" packet may be the answer to one poll.
    var fitsOneAnswer: Bool {
        self.maximumPacketsPerPoll == .max || self.queue.packetCount < self.maximumPacketsPerPoll
    }

    /// A turn of the event loop ends, or what waits must leave before something else does.
    func flush() {
        self.isFlushRequested = false
        guard !self.queue.isEmpty, self.socket != nil || self.untakenAnswer == nil else { return }
        switch self.machine.flush() {
        case .answerPoll: self.answerPoll(self.takePayload())
        case .write: self.socket?.send(self.queue.takeAll())
        case .wait: break
        }
    }
}

extension ServerRequest {
    /// The client of python-engineio gives its connection up when an answer has more packets than 16. It says what it fetches
    /// with: aiohttp, or, where it is not asynchronous, requests.
    fileprivate var maximumPacketsPerPoll: Int {
        let agent = self.head.headerFields[.userAgent] ?? ""
        return agent.hasPrefix("Python/") || agent.hasPrefix("python-requests/") ? 16 : .max
    }
}

// MARK: - Closing

extension EngineIOSession {
    /// Ends the session with the reason "forced server close", after what was sent before. ``onClose(_:)`` calls back before
    /// this returns.
    public func close() {
        self.eventLoop.preconditionInEventLoop()
        self.closeInOrder(.forcedServerClose)
    }

    /// Ends the session because of what the client sent: a layer above could make nothing of it. What waits to be sent is
    /// lost; ``onClose(_:)`` calls back before this returns.
    public func fail(_ reason: EngineIOCloseReason = .parseError) {
        self.eventLoop.preconditionInEventLoop()
        guard self.machine.fail() else { return }
        self.end(reason)
    }
}

// MARK: - Callbacks

extension EngineIOSession {
    /// Calls back with every message.
    public func onMessage(_ callback: @escaping (EngineIOSession, EngineIOMessage) -> Void) {
        self.eventLoop.preconditionInEventLoop()
        guard self.machine.isOpen else { return }
        self.onMessage = callback
    }

    /// Calls back once, when the session has ended; at once if it already has. No other callback comes after it.
    public func onClose(_ callback: @escaping (EngineIOCloseReason) -> Void) {
        self.eventLoop.preconditionInEventLoop()
        if let reason = self.closeReason { callback(reason) } else { self.onClose = callback }
    }

    /// Calls back when the session has moved to a WebSocket.
    public func onTransportChange(_ callback: @escaping (EngineIOSession, EngineIOTransport) -> Void) {
        self.eventLoop.preconditionInEventLoop()
        guard self.machine.isOpen else { return }
        self.onTransportChange = callback
    }
}
