internal import HTTPTypes
public import Logging
public import NIOCore
public import NIOPosix
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
    let tlsContexts: TLSContexts

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
        self.tlsContexts = TLSContexts(configuration.tls)
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
            let shown = WebSocketClient.withoutUserInformation(url)
            if case .invalidHost(let host) = error, !shown.contains(host) {
                // A password with a slash, of which a part was taken for the host.
                throw ConnectError(
                    .invalidURL, "can't connect to \(shown.debugDescription): percent-encode user name and password")
            }
            throw ConnectError(.invalidURL, "can't connect to \(shown.debugDescription): \(error)", underlying: error)
        }
    }

    /// What is no URL may hold a password all the same: all before the last at sign of what would be the authority goes.
    private static func withoutUserInformation(_ url: String) -> String {
        let start = url.firstRange(of: "://")?.upperBound ?? url.startIndex
        let end = url[start...].firstIndex { "/?#".contains($0) } ?? url.endIndex
        guard let at = url[start..<end].lastIndex(of: "@") ?? url[start...].lastIndex(of: "@") else { return url }
        return String(url[..<start] + url[url.index(after: at)...])
    }

    /// A connection that takes nothing in until it is released.
    /// - Parameter headerFields: in place of those of the configuration that have the same names.
    func connectHolding(to url: WebSocketURL, headerFields: HTTPFields = [:]) async throws -> WebSocketConnection {
        var request = HandshakeRequest(url: url, configuration: self.configuration)
        for name in Set(headerFields.map(\.name)) { request.headerFields[fields: name] = headerFields[fields: name] }
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
        try await self.dial(request.url, until: deadline) { eventLoop, watch in
            let attempt = ConnectionAttempt(
                client: self, request: request, eventLoop: eventLoop, deadline: deadline, watch: watch)
            guard self.configuration.opensOneAtATime else { return try await attempt.run() }
            let place = request.url.unixSocketPath ?? "\(request.url.host):\(request.url.port)"
            return try await ConnectGate.shared.pass(place, watch) { try await attempt.run() }
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
