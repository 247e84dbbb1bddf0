public import Logging
public import NIOCore
public import NIOPosix
public import NIOSSL
public import ServiceLifecycle
public import WebSocketNIO

/// A server for WebSocket and HTTP on one port.
///
/// ```swift
/// var server = WebSocketServer(configuration: ServerConfiguration(port: 8080))
/// server.webSocket("/echo") { connection in
///     for try await message in connection.messages { try await connection.send(message) }
/// }
/// try await server.run()
/// ```
///
/// ``run()`` serves until its task is cancelled or the service group that it is part of shuts down.
public struct WebSocketServer: Service {
    public var configuration: ServerConfiguration
    public let logger: Logger
    let eventLoopGroup: MultiThreadedEventLoopGroup
    private var routes = Routes()
    let tls = TLSContextStore()
    private var onListening: @Sendable (SocketAddress) -> Void = { _ in }

    /// - Parameters:
    ///   - configuration: where to listen and what to allow.
    ///   - eventLoopGroup: the threads to run on; by default one per core.
    ///   - logger: gets failures of handlers at `error`, connections and violations of peers at `debug`.
    public init(
        configuration: ServerConfiguration = ServerConfiguration(),
        eventLoopGroup: MultiThreadedEventLoopGroup = .singleton,
        logger: Logger = Logger(label: "martlet.server")
    ) {
        self.configuration = configuration
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
    }

    /// What connections live on, one for each thread.
    package var eventLoops: [any EventLoop] { Array(self.eventLoopGroup.makeIterator()) }
}

// MARK: - Routes

extension WebSocketServer {
    /// Serves WebSocket connections of a path, each with a task of its own.
    ///
    /// The connection is closed with 1000 when `handler` returns, with 1011 when it throws. `handler` runs on the event
    /// loop of its connection: heavy computation holds up the loop's other connections, so move it off with a
    /// `@concurrent` function.
    /// - Parameters:
    ///   - path: compared exactly, without the query.
    ///   - configuration: what these connections are allowed; nil for the server's. Over HTTP/2 the server's
    ///     `sendHighMark` holds: a stream has it before its path is known.
    ///   - upgrade: decides about each request. Accepts all by default.
    ///   - handler: the conversation.
    public mutating func webSocket(
        _ path: String,
        configuration: ConnectionConfiguration? = nil,
        upgrade: (@Sendable (ServerRequest) async throws -> UpgradeDecision)? = nil,
        handler: @escaping @Sendable (WebSocketConnection) async throws -> Void
    ) {
        self.routes.webSocket[path] = Routes.WebSocketRoute(
            decide: upgrade,
            handler: .task(handler),
            configuration: configuration
        )
    }

    /// Serves WebSocket connections of a path with callbacks, which `open` sets on each connection.
    ///
    /// `open` and the callbacks run on the connection's event loop and must not block.
    public mutating func webSocket(
        _ path: String,
        configuration: ConnectionConfiguration? = nil,
        upgrade: (@Sendable (ServerRequest) async throws -> UpgradeDecision)? = nil,
        open: @escaping @Sendable (WebSocketConnection) -> Void
    ) {
        self.routes.webSocket[path] = Routes.WebSocketRoute(
            decide: upgrade,
            handler: .callbacks(open),
            configuration: configuration
        )
    }

    /// Serves HTTP requests of a path, whatever their method.
    public mutating func http(
        _ path: String,
        handler: @escaping @Sendable (ServerRequest) async throws -> ServerResponse
    ) {
        self.routes.http[path] = handler
    }

    /// Serves HTTP requests that no other route takes. Without it they get 404, or 426 on the path of a WebSocket.
    public mutating func otherwise(
        handler: @escaping @Sendable (ServerRequest) async throws -> ServerResponse
    ) {
        self.routes.fallback = handler
    }

    /// Serves everything below a path with callbacks: requests, whatever their method, as well as WebSockets. No request
    /// takes a task, however long its answer is awaited. Routes of an exact path come first, then the longest prefix.
    /// - Parameters:
    ///   - prefix: the begin of the path, compared byte by byte; usually with a slash at its end.
    ///   - configuration: what is different from the rest of the server.
    ///   - onShutdown: called on each event loop when the server shuts down, before connections are closed: the time to
    ///     answer what waits.
    ///   - serve: gets each exchange when the head of the request is there, on the event loop of its connection. A
    ///     WebSocket request gets here if its origin may connect.
    public mutating func exchanges(
        below prefix: String,
        configuration: ExchangeConfiguration = ExchangeConfiguration(),
        onShutdown: @escaping @Sendable (any EventLoop) -> Void = { _ in },
        serve: @escaping @Sendable (HTTPExchange) -> Void
    ) {
        self.routes.add(
            Routes.ExchangeRoute(prefix: prefix, configuration: configuration, onShutdown: onShutdown, serve: serve))
    }

    /// Calls back once the server listens, for each of its addresses in the order of the configuration: port 0 has become a real
    /// one. A name may stand for several addresses; the first that can be listened on is taken.
    public mutating func onListening(_ callback: @escaping @Sendable (SocketAddress) -> Void) {
        self.onListening = callback
    }
}

// MARK: - Certificates

extension WebSocketServer {
    /// Takes another certificate, or other rules, for connections that come from now on; those that are open keep theirs.
    /// From any thread, while the server runs.
    /// - Throws: what is wrong with the configuration; then the one before stays.
    public func replaceTLS(_ configuration: TLSConfiguration) throws {
        try self.tls.replace(configuration)
    }
}

// MARK: - Running

extension WebSocketServer {
    /// Listens and serves until the task is cancelled or graceful shutdown begins. Then it stops accepting, closes
    /// WebSocket connections with 1001, lets HTTP requests and handlers finish, and drops and cancels what is left after
    /// ``ServerConfiguration/drainTimeout``.
    /// - Throws: if the address can't be listened on or the TLS configuration is wrong.
    public func run() async throws {
        let core = ServerCore(configuration: self.configuration, routes: self.routes, logger: self.logger)
        if let tls = self.configuration.tls { try self.tls.setFirst(tls) }
        var loops: [ServerLoop] = []
        for eventLoop in self.eventLoopGroup.makeIterator() {
            loops.append(try await eventLoop.submit { ServerLoop(context: LoopContext.current(eventLoop)) }.get())
        }
        let listeners = try await self.listen(core, loops)
        for listener in listeners { if let address = listener.localAddress { self.onListening(address) } }

        let (shutdown, requestShutdown) = AsyncStream.makeStream(of: Void.self)
        await withGracefulShutdownHandler {
            await withTaskGroup(of: DrainEvent.self) { group in
                for loop in loops {
                    group.addTask(executorPreference: loop.context.executor) {
                        await WebSocketServer.runJobs(of: loop)
                        return .loopIsDone
                    }
                }
                await withTaskCancellationHandler {
                    for await _ in shutdown { break }
                } onCancel: {
                    requestShutdown.finish()
                }
                let deadline = ContinuousClock.now + self.configuration.drainTimeout
                for listener in listeners { try? await listener.close() }
                let drains = loops.map { $0.drain(core.routes.exchanges, within: self.configuration.drainTimeout) }
                for drain in drains { try? await drain.get() }
                for loop in loops { loop.finishJobs() }
                // Handlers whose connections have ended get what is left of the time.
                group.addTask {
                    try? await Task.sleep(until: deadline)
                    return .timeIsUp
                }
                var running = loops.count
                while running > 0, await group.next() == .loopIsDone { running -= 1 }
                group.cancelAll()
            }
        } onGracefulShutdown: {
            requestShutdown.finish()
        }
    }

    private enum DrainEvent {
        case loopIsDone
        case timeIsUp
    }

    /// Runs what the connections of a loop give to tasks, as child tasks on that loop.
    private static func runJobs(of loop: ServerLoop) async {
        await withDiscardingTaskGroup { group in
            for await job in loop.jobs {
                group.addTask(executorPreference: loop.context.executor) { await job() }
            }
        }
    }
}
