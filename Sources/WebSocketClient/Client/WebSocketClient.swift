internal import HTTPTypes
public import Logging
internal import NIOConcurrencyHelpers
public import NIOCore
public import NIOPosix
internal import NIOSSL
public import WebSocketNIO
public import WebSocketProtocol

/// Opens WebSocket connections.
///
/// ```swift
/// try await WebSocketClient().withConnection(to: "wss://echo.example/") { connection in
///     try await connection.send("hello")
///     for try await message in connection.messages { print(message.text ?? "binary") }
/// }
/// ```
///
/// Keep one client for many connections: it loads the system's root certificates once.
public final class WebSocketClient: Sendable {
    public let configuration: ClientConfiguration
    private let eventLoopGroup: any EventLoopGroup
    let settings: ConnectionSettings
    let pool = HTTP2Pool()
    private let tlsContexts = NIOLockedValueBox<[[String]: NIOSSLContext]>([:])

    /// - Parameters:
    ///   - configuration: how to connect and what to allow.
    ///   - eventLoopGroup: the threads that connections live on; by default one per core.
    ///   - logger: gets connections and violations of peers at `debug`.
    public init(
        configuration: ClientConfiguration = ClientConfiguration(),
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger = Logger(label: "martlet.client")
    ) {
        self.configuration = configuration
        self.eventLoopGroup = eventLoopGroup
        self.settings = ConnectionSettings(role: .client, configuration: configuration.connection, logger: logger)
    }
}

extension WebSocketClient {
    /// Opens a connection, runs `body` with it and closes it: with 1000 when `body` returns, with 1001 when it throws.
    ///
    /// `body` runs on the connection's event loop, where sending and receiving are cheapest, unless it belongs to an actor;
    /// what `main` of a program calls belongs to the main actor, and a `@concurrent` function gets away from it.
    /// - Throws: ``ConnectError`` if no connection comes about, `HandshakeArgumentError` if the configuration holds
    ///   something that can't be sent, and whatever `body` throws.
    public func withConnection<Result>(
        to url: String,
        _ body: (WebSocketConnection) async throws -> Result
    ) async throws -> Result {
        let connection = try await self.connectHolding(to: WebSocketClient.parse(url))
        do {
            let result = try await connection.handler.preferringLoop { try await body(connection) }
            try await connection.close()
            return result
        } catch {
            _ = try? await connection.close(code: .goingAway)
            throw error
        }
    }

    /// Opens a connection. Whoever gets it closes it.
    /// - Throws: ``ConnectError`` if no connection comes about, `HandshakeArgumentError` if the configuration holds
    ///   something that can't be sent.
    public func connect(to url: String) async throws -> WebSocketConnection {
        try await self.connect(to: WebSocketClient.parse(url))
    }

    /// Opens a connection. Whoever gets it closes it.
    public func connect(to url: WebSocketURL) async throws -> WebSocketConnection {
        let connection = try await self.connectHolding(to: url)
        connection.handler.release()
        return connection
    }

    static func parse(_ url: String) throws(ConnectError) -> WebSocketURL {
        do throws(WebSocketURLError) {
            return try WebSocketURL(url)
        } catch {
            throw ConnectError(.invalidURL, "can't connect to \(url.debugDescription): \(error)", underlying: error)
        }
    }

    /// A connection that takes nothing in until it is released.
    func connectHolding(to url: WebSocketURL, headerFields: HTTPFields = [:]) async throws -> WebSocketConnection {
        var request = HandshakeRequest(url: url, configuration: self.configuration)
        request.headerFields.append(contentsOf: headerFields)
        let deadline = DeadlineWheel.now().advanced(by: self.configuration.connectTimeout)
        var redirects: [String] = []
        while true {
            do {
                return try await self.connect(request, deadline)
            } catch var error as ConnectError {
                if redirects.count < self.configuration.maximumRedirectCount {
                    do {
                        if let next = try request.redirected(by: error) {
                            redirects.append(next.url.description)
                            request = next
                            continue
                        }
                    } catch let refusal {
                        error = refusal
                    }
                }
                error.redirects = redirects
                if let last = redirects.last { error.message += ", after \(redirects.count) redirections, by \(last)" }
                throw error
            }
        }
    }

    private func connect(_ request: HandshakeRequest, _ deadline: MonotonicTime) async throws -> WebSocketConnection {
        guard self.configuration.opensOneAtATime else { return try await self.open(request, deadline) }
        let place = request.url.unixSocketPath ?? "\(request.url.host):\(request.url.port)"
        return try await ConnectGate.shared.pass(place) { try await self.open(request, deadline) }
    }

    private func open(_ request: HandshakeRequest, _ deadline: MonotonicTime) async throws -> WebSocketConnection {
        try await self.dial(request.url, until: deadline) { eventLoop, watch in
            try await ConnectionAttempt(
                client: self, request: request, eventLoop: eventLoop, deadline: deadline, watch: watch
            ).run()
        }
    }

    /// Ends what `body` opens when the time is over or the task is cancelled, and says what went wrong in terms of a URL.
    func dial<Result: Sendable>(
        _ url: WebSocketURL,
        until deadline: MonotonicTime,
        _ body: (any EventLoop, DialGuard) async throws -> Result
    ) async throws -> Result {
        let remaining = DeadlineWheel.now().duration(to: deadline)
        let late = ConnectError(.timedOut, "no connection within \(self.configuration.connectTimeout)")
        guard remaining > .zero else { throw late }
        let eventLoop = self.eventLoopGroup.next()
        let watch = DialGuard()
        let timer = eventLoop.scheduleTask(in: TimeAmount(remaining)) { watch.end(.timedOut) }
        defer { timer.cancel() }
        do {
            return try await withTaskCancellationHandler {
                try await body(eventLoop, watch)
            } onCancel: {
                watch.end(.cancelled)
            }
        } catch {
            switch watch.cause {
            case .timedOut?: throw late
            case .cancelled?: throw CancellationError()
            case nil: throw WebSocketClient.connectError(error, url, self.configuration.connectTimeout)
            }
        }
    }

    /// One context for each list of protocols to offer.
    func sharedTLSContext(_ applicationProtocols: [String]) throws -> NIOSSLContext {
        try self.tlsContexts.withLockedValue { contexts in
            if let context = contexts[applicationProtocols] { return context }
            var tls = self.configuration.tls
            tls.applicationProtocols = applicationProtocols
            do {
                let made = try NIOSSLContext(configuration: tls)
                contexts[applicationProtocols] = made
                return made
            } catch {
                throw ConnectError(.tls, "the TLS configuration is not valid: \(error)", underlying: error)
            }
        }
    }

    private static func connectError(_ error: any Error, _ url: WebSocketURL, _ timeout: Duration) -> any Error {
        let place = url.unixSocketPath.map { "socket \($0)" } ?? "\(url.host) port \(url.port)"
        switch error {
        case is ConnectError, is HandshakeArgumentError, is CancellationError:
            return error
        case ChannelError.connectTimeout:
            return ConnectError(.timedOut, "no connection within \(timeout)", underlying: error)
        case is NIOConnectionError, is IOError:
            let why = NetworkFailure.words(error) ?? "\(error)"
            return ConnectError(.network, "can't connect to \(place): \(why)", underlying: error)
        default:
            return ConnectError.transport(error)
        }
    }
}
