public import EngineIOClient
public import Logging
public import ServiceLifecycle
public import SocketIOProtocol
internal import Synchronization

/// A client of Socket.IO v5, which stays connected: over WebSocket where that works and by HTTP polling where not, and again
/// after the connection was lost.
///
/// ```swift
/// let client = SocketIOClient(to: "https://live.example")
/// let chat = client.socket("/chat")
/// chat.on("message") { (text: String) in print(text) }
/// try await client.withConnection {
///     let rooms: [String] = try await chat.emitWithAck("join", "lobby")
///     try await chat.emit("message", "hello", "lobby")
/// }
/// ```
///
/// It is a service, too: ``run()`` connects until its task is cancelled or graceful shutdown begins. Everything may be called
/// from any task.
public final class SocketIOClient: Service {
    public let configuration: SocketIOClientConfiguration
    let logger: Logger
    /// Handlers that are to be called, in order.
    let jobs: AsyncStream<Job>
    let addJob: AsyncStream<Job>.Continuation
    /// Sockets that are to ask to be let in.
    let applicants: AsyncStream<SocketIOClientSocket>
    let addApplicant: AsyncStream<SocketIOClientSocket>.Continuation
    /// Ends with ``close()``.
    let closing: AsyncStream<Void>
    private let beginClosing: AsyncStream<Void>.Continuation
    let url: String
    /// May be held while that of a socket is taken, never the other way round.
    let state = Mutex(State())

    typealias Job = @Sendable () async -> Void

    struct State {
        var sockets: [String: SocketIOClientSocket] = [:]
        var session: EngineIOClientSession?
        /// There is no further session.
        var isClosed = false
        var waitingJobs = 0
        var jobWaiter: CheckedContinuation<Void, Never>?
    }

    /// - Parameters:
    ///   - url: of the server, such as `https://live.example`; a path is that of its sessions, by default `/socket.io/`.
    ///   - configuration: how to connect and what to allow.
    ///   - logger: gets lost connections and attempts at `debug`.
    public init(
        to url: String,
        configuration: SocketIOClientConfiguration = SocketIOClientConfiguration(),
        logger: Logger = Logger(label: "martlet.socket-io-client")
    ) {
        let authority = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
        let path = authority.firstIndex(of: "/").map { authority[$0...] } ?? ""
        self.url = path.isEmpty ? url + "/socket.io/" : path == "/" ? url + "socket.io/" : url
        self.configuration = configuration
        self.logger = logger
        (self.jobs, self.addJob) = AsyncStream.makeStream()
        (self.applicants, self.addApplicant) = AsyncStream.makeStream()
        (self.closing, self.beginClosing) = AsyncStream.makeStream()
    }

    /// The socket of a namespace; always the same one. It is connected while ``run()`` runs.
    /// - Parameters:
    ///   - namespace: such as `/chat`.
    ///   - auth: what authenticates the client there, asked for at each connection. Counts at the first call. What it throws
    ///     is told by ``SocketIOClientSocket/onConnectError(_:)``.
    public func socket(
        _ namespace: String = "/", auth: (@Sendable () async throws -> SocketIOValue?)? = nil
    ) -> SocketIOClientSocket {
        let name = SocketIOPacket.namespace(named: namespace)
        return self.state.withLock { state in
            if let socket = state.sockets[name] { return socket }
            let socket = SocketIOClientSocket(namespace: name, client: self, auth: auth)
            if state.isClosed { socket.end() }
            state.sockets[name] = socket
            if state.session != nil { self.addApplicant.yield(socket) }
            return socket
        }
    }

    /// Stops for good, after what was sent before: ``run()`` returns. Events that still wait for a connection are not sent.
    public func close() {
        let (sockets, session) = self.state.withLock { state in
            state.isClosed = true
            return (Array(state.sockets.values), state.session)
        }
        for socket in sockets { socket.end() }
        session?.close()
        self.beginClosing.finish()
    }
}

// MARK: - For sockets

extension SocketIOClient {
    /// What carries the session now; nil if there is none.
    public var transport: EngineIOTransport? { self.state.withLock { $0.session }?.transport }

    /// Calls a handler after those before it.
    func enqueue(_ job: @escaping Job) {
        self.state.withLock { $0.waitingJobs += 1 }
        self.addJob.yield {
            await job()
            let waiter = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
                state.waitingJobs -= 1
                guard state.waitingJobs <= self.configuration.maximumWaitingEvents / 2 else { return nil }
                defer { state.jobWaiter = nil }
                return state.jobWaiter
            }
            waiter?.resume()
        }
    }

    /// Waits while too many events wait for handlers.
    func waitForHandlers() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = self.state.withLock { state in
                    guard !Task.isCancelled, state.waitingJobs > self.configuration.maximumWaitingEvents else {
                        return false
                    }
                    state.jobWaiter = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            self.state.withLock { state in
                defer { state.jobWaiter = nil }
                return state.jobWaiter
            }?.resume()
        }
    }
}
