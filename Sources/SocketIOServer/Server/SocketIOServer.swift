public import EngineIOServer
internal import Logging
internal import NIOCore
internal import SocketIOProtocol
internal import Synchronization
internal import WebSocketProtocol
public import WebSocketServer

/// Socket.IO v5 on a ``WebSocketServer``: namespaces, events, acknowledgments and rooms, over WebSocket or HTTP polling.
///
/// ```swift
/// let io = SocketIOServer()
/// io.of("/chat").on("message") { (socket, text: String) in
///     try socket.to("everybody").emit("message", text)
/// }
/// io.of("/chat").onConnect { socket in socket.join("everybody") }
///
/// var server = WebSocketServer(configuration: ServerConfiguration(port: 8080))
/// io.mount(on: &server)
/// try await server.run()
/// ```
///
/// Everything may be called from any task or thread. Handlers that are not `async` run on the event loop of their socket and
/// must not block.
///
/// The server itself stands for its main namespace, `/`: `io.on(…)` is `io.of("/").on(…)`, and `io.to(…)` likewise.
public final class SocketIOServer: SocketIOHandling, SocketIOBroadcasting {
    public let configuration: SocketIOConfiguration
    private let authorize: (@Sendable (ServerRequest) async throws -> EngineIOAdmission)?
    let recoveryBudget: RecoveryBudget
    private let state = Mutex(State())

    private struct State {
        var namespaces: [String: SocketIONamespace] = [:]
        var patterns: [SocketIONamespacePattern] = []
        var loops: [SocketIOLoop] = []
    }

    /// - Parameters:
    ///   - configuration: what sockets are allowed.
    ///   - authorize: decides about each session before it begins; nil accepts all. Namespaces decide about sockets:
    ///     ``SocketIONamespace/use(_:)``.
    public init(
        configuration: SocketIOConfiguration = SocketIOConfiguration(),
        authorize: (@Sendable (ServerRequest) async throws -> EngineIOAdmission)? = nil
    ) {
        self.configuration = configuration
        self.authorize = authorize
        self.recoveryBudget = RecoveryBudget(limit: configuration.recoveryByteCount)
    }

    /// Serves all paths that begin with `prefix`: polling as well as WebSockets.
    /// - Parameters:
    ///   - prefix: with a slash at its end. The clients' default is `/socket.io/`.
    ///   - server: which must not run yet.
    public func mount(_ prefix: String = "/socket.io/", on server: inout WebSocketServer) {
        let loops = server.eventLoops.map { SocketIOLoop(server: self, eventLoop: $0, logger: server.logger) }
        let loopsByEventLoop = Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0.eventLoop), $0) })
        self.state.withLock { $0.loops += loops }
        EngineIOServer(configuration: self.configuration.engine, authorize: self.authorize) { session in
            loopsByEventLoop[ObjectIdentifier(session.eventLoop)]?.opened(session)
        }.mount(prefix, on: &server)
    }

    /// The event loops that sockets live on.
    var loops: [SocketIOLoop] { self.state.withLock { $0.loops } }
}

// MARK: - The main namespace

extension SocketIOServer {
    public var handlerRegistry: SocketIOHandlerRegistry { self.of("/").handlerRegistry }
    public var everybody: SocketIOBroadcast { self.of("/").everybody }

    /// Sends an event to all sockets of the main namespace: see ``SocketIOBroadcast/emit(_:_:)``.
    public func emit<each Value: Encodable>(_ event: String, _ values: repeat each Value) throws {
        try self.everybody.emit(event, repeat each values)
    }
}

// MARK: - Namespaces

extension SocketIOServer {
    /// The namespace of this name, which exists from now on.
    /// - Parameter name: such as `/chat`; a slash is put before it if it has none.
    public func of(_ name: String) -> SocketIONamespace {
        self.of(name, recovery: self.configuration.recovery)
    }

    /// The namespace of this name, which exists from now on, with recovery or without, whatever the others have.
    /// - Parameters:
    ///   - name: such as `/chat`.
    ///   - recovery: counts if the namespace did not exist before.
    public func of(_ name: String, recovery: SocketIORecovery?) -> SocketIONamespace {
        let name = SocketIOPacket.namespace(named: name)
        return self.state.withLock { state in
            if let namespace = state.namespaces[name] {
                namespace.keep()
                return namespace
            }
            let namespace = SocketIONamespace(
                name: name, server: self, handlers: NamespaceHandlers(), recovery: recovery, isFixed: true)
            state.namespaces[name] = namespace
            return namespace
        }
    }

    /// The namespaces whose names a client makes up and `matches` accepts. Each exists while somebody is in it; they share
    /// the handlers that are set on what is returned.
    /// - Parameter matches: gets the name, slash and all; must not block.
    public func of(where matches: @escaping @Sendable (String) -> Bool) -> SocketIONamespacePattern {
        let pattern = SocketIONamespacePattern(server: self, matches: matches)
        self.state.withLock { $0.patterns.append(pattern) }
        return pattern
    }

    /// The namespace for a client that asks for it; it is there until ``leave(_:)``.
    /// - Returns: nil if there is none of this name, and none is to be made.
    func enter(_ name: String) -> SocketIONamespace? {
        // The main namespace is always there.
        if name == "/" { _ = self.of(name) }
        let (namespace, patterns) = self.state.withLock { state in
            state.namespaces[name]?.enter()
            return (state.namespaces[name], state.patterns)
        }
        if let namespace { return namespace }
        // Code of the application, so without the lock.
        guard let pattern = patterns.first(where: { $0.matches(name) }) else { return nil }
        return self.state.withLock { state in
            let namespace =
                state.namespaces[name]
                ?? SocketIONamespace(
                    name: name, server: self, handlers: pattern.handlers, recovery: self.configuration.recovery,
                    isFixed: false)
            namespace.enter()
            state.namespaces[name] = namespace
            return namespace
        }
    }

    /// Whoever was in `namespace` is no longer.
    func leave(_ namespace: SocketIONamespace) {
        self.state.withLock { state in
            // One that is kept for those who may come back goes when it is swept.
            guard namespace.leave(), namespace.recovery?.isForgotten != false else { return }
            state.namespaces[namespace.name] = nil
        }
    }

    /// Lets go what is kept for recovery and too old.
    /// - Returns: when to look again; nil if nothing is kept.
    func forgetWhatIsTooOld(now: MonotonicTime) -> Duration? {
        var interval: Duration?
        for namespace in self.state.withLock({ Array($0.namespaces.values) }) {
            guard let recovery = namespace.recovery else { continue }
            if recovery.forgetWhatIsTooOld(now: now) {
                interval = min(interval ?? recovery.sweepInterval, recovery.sweepInterval)
            }
            self.state.withLock { state in
                guard !namespace.isInUse, recovery.isForgotten, state.namespaces[namespace.name] === namespace else {
                    return
                }
                state.namespaces[namespace.name] = nil
            }
        }
        return interval
    }

    func namespaces(of pattern: SocketIONamespacePattern) -> [SocketIONamespace] {
        self.state.withLock { $0.namespaces.values.filter { $0.handlers === pattern.handlers } }
    }
}
