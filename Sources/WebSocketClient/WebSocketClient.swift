public import Logging
public import NIOCore
public import NIOPosix
internal import NIOSSL
internal import Synchronization
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
    private let logger: Logger
    private let settings: ConnectionSettings
    private let tlsContext = Mutex<NIOSSLContext?>(nil)

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
        self.logger = logger
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

    private static func parse(_ url: String) throws(ConnectError) -> WebSocketURL {
        do throws(WebSocketURLError) {
            return try WebSocketURL(url)
        } catch {
            throw ConnectError(.invalidURL, "can't connect to \(url.debugDescription): \(error)", underlying: error)
        }
    }

    /// A connection that takes nothing in until it is released.
    private func connectHolding(to url: WebSocketURL) async throws -> WebSocketConnection {
        let deadline = DeadlineWheel.now().advanced(by: self.configuration.connectTimeout)
        guard self.configuration.opensOneAtATime else { return try await self.open(url, deadline) }
        return try await ConnectGate.shared.pass("\(url.host):\(url.port)") { try await self.open(url, deadline) }
    }

    private func open(_ url: WebSocketURL, _ deadline: MonotonicTime) async throws -> WebSocketConnection {
        var random = SystemRandomNumberGenerator()
        let nonce = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        guard let key = HandshakeKey(nonce: nonce) else { preconditionFailure("a nonce has 16 bytes") }
        let handshake = try ClientHandshake(
            url: url,
            key: key,
            subprotocols: self.configuration.subprotocols,
            requiresSubprotocol: self.configuration.requiresSubprotocol,
            headerFields: self.configuration.headerFields,
            compression: self.configuration.connection.compression
        )
        let tls = try url.isSecure ? self.sharedTLSContext() : nil
        let eventLoop = self.eventLoopGroup.next()
        let opened = eventLoop.makePromise(of: WebSocketConnection.self)
        let remaining = DeadlineWheel.now().duration(to: deadline)
        guard remaining > .zero else {
            let error = ConnectError(.timedOut, "no connection within \(self.configuration.connectTimeout)")
            opened.fail(error)
            throw error
        }
        let connected = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(remaining))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.recvAllocator, value: HandshakeReceiveAllocator())
            .connect(host: url.host, port: url.port)
            // Not in a channel initializer: while addresses race each other there are channels that lose.
            .flatMapThrowing { channel in
                try self.initialize(channel, url, handshake, tls, deadline, opened)
                return channel
            }
        connected.whenFailure { opened.fail(WebSocketClient.connectError($0, url, self.configuration.connectTimeout)) }
        return try await withTaskCancellationHandler {
            try await opened.futureResult.get()
        } onCancel: {
            opened.fail(CancellationError())
            connected.whenSuccess { channel in
                // An open connection that nobody got is closed; one that was handed out belongs to its owner.
                opened.futureResult.whenFailure { _ in channel.close(promise: nil) }
            }
        }
    }

    private func initialize(
        _ channel: any Channel,
        _ url: WebSocketURL,
        _ handshake: ClientHandshake,
        _ tls: NIOSSLContext?,
        _ deadline: MonotonicTime,
        _ opened: EventLoopPromise<WebSocketConnection>
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        if let tls {
            // Server name indication is for names; an address is verified against the certificate's addresses.
            let isAddress = (try? SocketAddress(ipAddress: url.host, port: 0)) != nil
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : url.host))
        }
        try self.configuration.tap?(pipeline)
        let codec = HTTPClientCodec(self.configuration)
        try codec.install(on: pipeline)
        try pipeline.addHandler(
            ClientHandshakeHandler(
                handshake: handshake,
                configuration: self.configuration,
                settings: self.settings,
                isSecure: url.isSecure,
                deadline: deadline,
                codec: codec,
                opened: opened
            )
        )
    }

    private func sharedTLSContext() throws -> NIOSSLContext {
        try self.tlsContext.withLock { context in
            if let context { return context }
            var tls = self.configuration.tls
            tls.applicationProtocols = ["http/1.1"]
            do {
                let made = try NIOSSLContext(configuration: tls)
                context = made
                return made
            } catch {
                throw ConnectError(.tls, "the TLS configuration is not valid: \(error)", underlying: error)
            }
        }
    }

    private static func connectError(_ error: any Error, _ url: WebSocketURL, _ timeout: Duration) -> any Error {
        switch error {
        case is ConnectError:
            return error
        case ChannelError.connectTimeout:
            return ConnectError(.timedOut, "no connection within \(timeout)", underlying: error)
        case let error as NIOConnectionError:
            var details = error.connectionErrors.map { "\($0.target): \($0.error)" }
            for dnsError in [error.dnsAError, error.dnsAAAAError].compactMap({ $0 }) { details.append("\(dnsError)") }
            return ConnectError(
                .network,
                "can't connect to \(url.host) port \(url.port): \(details.joined(separator: "; "))",
                underlying: error
            )
        default:
            return ConnectError(.network, "can't connect to \(url.host) port \(url.port): \(error)", underlying: error)
        }
    }
}
