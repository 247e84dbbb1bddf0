public import EngineIOClient
internal import HTTPTypes
public import Logging
internal import NIOCore
public import ServiceLifecycle
public import SocketIOProtocol
internal import Synchronization
internal import WebSocketNIO

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
    private let addJob: AsyncStream<Job>.Continuation
    private let url: String
    private let state = Mutex(State())

    typealias Job = @Sendable () async -> Void

    private struct State {
        var sockets: [String: SocketIOClientSocket] = [:]
        var session: EngineIOClientSession?
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
    }

    /// The socket of a namespace; always the same one. It is connected while ``run()`` runs.
    /// - Parameters:
    ///   - namespace: such as `/chat`.
    ///   - auth: what authenticates the client there, asked for at each connection. Counts at the first call.
    public func socket(
        _ namespace: String = "/", auth: (@Sendable () async throws -> SocketIOValue?)? = nil
    ) -> SocketIOClientSocket {
        let name = namespace.hasPrefix("/") ? namespace : "/" + namespace
        let (socket, session) = self.state.withLock { state in
            let socket = state.sockets[name] ?? SocketIOClientSocket(namespace: name, client: self, auth: auth)
            let isNew = state.sockets.updateValue(socket, forKey: name) == nil
            return (socket, isNew ? state.session : nil)
        }
        if session != nil { self.enqueue { await socket.join() } }
        return socket
    }

    /// Stops for good, after what was sent before: ``run()`` returns.
    public func close() {
        let session = self.state.withLock { state in
            state.isClosed = true
            return state.session
        }
        session?.close()
    }
}

// MARK: - Running

extension SocketIOClient {
    /// Connects while `body` runs, and closes when it returns or throws.
    /// - Throws: what `body` throws, or why there is no connection and will be none.
    public func withConnection<Result: Sendable>(_ body: @Sendable @escaping () async throws -> Result) async throws
        -> Result
    {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await self.run()
                return nil
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result {
                    self.close()
                    // The goodbye; what goes wrong with it is nobody's concern.
                    _ = try? await group.next()
                    return result
                }
            }
            throw EngineIOClientError.closedBeforeEnd
        }
    }

    /// Connects, and again after each loss, until the task is cancelled, graceful shutdown begins, or ``close()``. Once.
    /// - Throws: why there is no connection, if ``SocketIOClientConfiguration/reconnection`` allows no further attempt or the
    ///   server's refusal will not heal (a status of 400 to 499 but 408, 425 and 429).
    public func run() async throws {
        // Sockets hold the client, too.
        defer { self.state.withLock { $0.sockets = [:] } }
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await job in self.jobs { await job() }
                }
                do {
                    try await self.stayConnected()
                } catch {
                    group.cancelAll()
                    throw error
                }
                // Handlers of what came in are called to the last.
                self.addJob.finish()
                try await group.next()
            }
        } onGracefulShutdown: {
            self.close()
        }
    }

    private func stayConnected() async throws {
        var attempt = 0
        while !self.state.withLock({ $0.isClosed }) {
            do {
                try await EngineIOClient(configuration: self.configuration.engine).withSession(to: self.url) {
                    session in
                    defer { self.state.withLock { $0.session = nil } }
                    try await self.serve(session) { attempt = 0 }
                }
                self.lost("io client disconnect")
            } catch {
                self.lost("\(error)")
                try Task.checkCancellation()
                if self.state.withLock({ $0.isClosed }) { return }
                guard let reconnection = self.configuration.reconnection, !error.isPermanent,
                    attempt < reconnection.maximumAttempts ?? .max
                else { throw error }
                let delay = reconnection.delay(attempt: attempt, random: .random(in: 0...1))
                self.logger.debug("no connection", metadata: ["error": "\(error)", "next attempt in": "\(delay)"])
                attempt += 1
                try await Task.sleep(for: delay)
            }
        }
    }

    private func serve(_ session: EngineIOClientSession, onSuccess: () -> Void) async throws {
        let (sockets, isClosed) = self.state.withLock { state in
            state.session = session
            return (Array(state.sockets.values), state.isClosed)
        }
        if isClosed { return session.close() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Beside what comes in: one that has to ask for its token holds nobody up.
            for socket in sockets { group.addTask { await socket.join() } }
            defer { group.cancelAll() }
            var assembler = PacketAssembler(limits: self.configuration.limits)
            for try await message in session.messages {
                guard let packet = try assembler.received(message) else { continue }
                if case .connect = packet.content { onSuccess() }
                guard let socket = self.state.withLock({ $0.sockets[packet.namespace] }) else { continue }
                try await socket.received(packet)
                await self.waitForHandlers()
            }
        }
    }

    private func lost(_ reason: String) {
        for socket in self.state.withLock({ Array($0.sockets.values) }) { socket.lost(reason) }
    }
}

extension PacketAssembler {
    fileprivate mutating func received(_ message: WebSocketMessage) throws -> SocketIOPacket? {
        guard message.kind == .text else { return try self.receivedBinary(Array(message.bytes.readableBytesView)) }
        return try message.bytes.withUnsafeReadableBytes { try self.receivedText($0) }
    }
}

extension Error {
    /// Asking again would bring the same answer.
    fileprivate var isPermanent: Bool {
        guard let error = self as? EngineIOClientError else { return false }
        if error.reason == .invalidURL { return true }
        guard error.reason == .refused, let status = error.status?.code else { return false }
        return (400..<500).contains(status) && ![408, 425, 429].contains(status)
    }
}

// MARK: - For sockets

extension SocketIOClient {
    /// The session at this moment.
    var session: EngineIOClientSession? { self.state.withLock { $0.session } }

    /// What carries the session now; nil if there is none.
    public var transport: EngineIOTransport? { self.session?.transport }

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
    private func waitForHandlers() async {
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
