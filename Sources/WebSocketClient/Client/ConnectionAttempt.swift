internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol

/// One try to open a connection: over HTTP/2 if that is allowed and the server can, over HTTP/1.1 otherwise.
struct ConnectionAttempt: Sendable {
    let client: WebSocketClient
    let request: HandshakeRequest
    let eventLoop: any EventLoop
    let deadline: MonotonicTime
    let watch: DialGuard

    private enum Dialed: Sendable {
        /// The handshake is under way.
        case http1(EventLoopFuture<WebSocketConnection>)
        case http2(HTTP2Connection)
    }

    private var configuration: ClientConfiguration { self.client.configuration }
    private var url: WebSocketURL { self.request.url }

    func run() async throws -> WebSocketConnection {
        // Both are made first: what can't be sent is an error before anything is.
        let http1 = try self.request.handshake(key: ConnectionAttempt.freshKey())
        let http2 = try self.request.handshake(key: nil)
        var mayUseHTTP2 = self.mayUseHTTP2
        if mayUseHTTP2, let shared = self.client.pool.reserve(self.request) {
            do {
                return try await self.open(http2, on: shared)
            } catch let error as ConnectError where error.isUnprocessed {
                // Once more, on a connection of our own (RFC 9113 §8.7).
            } catch {
                // That nothing came may mean that the other side is gone: no one else should wait for it.
                if self.watch.cause == .timedOut { shared.retire() }
                throw error
            }
        }
        while true {
            switch try await self.dial(http1, mayUseHTTP2: mayUseHTTP2).get() {
            case .http1(let opened):
                return try await opened.get()
            case .http2(let connection):
                if try await connection.settings.futureResult.get() {
                    self.client.pool.add(connection, for: self.request)
                    return try await self.open(http2, on: connection)
                }
                connection.close()
                guard self.configuration.httpVersions == .automatic else {
                    throw ConnectError(
                        .http2Unavailable, "the server speaks HTTP/2, but no WebSocket over it (RFC 8441)")
                }
                self.client.pool.rememberLack(self.request)
                mayUseHTTP2 = false
            }
        }
    }

    private var mayUseHTTP2: Bool {
        switch self.configuration.httpVersions {
        case .automatic:
            self.url.isSecure && !self.client.pool.lacksWebSocket(self.request)
        case .http1: false
        case .http2: true
        }
    }

    private func dial(_ handshake: ClientHandshake, mayUseHTTP2: Bool) throws -> EventLoopFuture<Dialed> {
        let isRequired = self.configuration.httpVersions == .http2
        let protocols = isRequired ? ["h2"] : mayUseHTTP2 ? ["h2", "http/1.1"] : ["http/1.1"]
        let tls =
            try self.url.isSecure
            ? self.client.tlsContexts.server(protocols, presentsCertificate: !self.request.isForeign) : nil
        let dialer = Dialer(
            configuration: self.configuration, tlsContexts: self.client.tlsContexts, eventLoop: self.eventLoop,
            deadline: self.deadline, watch: self.watch)
        return dialer.dial(self.url, tls: tls) { channel, agreement in
            try self.configuration.tap?(channel.pipeline.syncOperations, self.url, agreement)
            let name = agreement?.applicationProtocol
            if isRequired && tls != nil && name != "h2" {
                channel.close(promise: nil)
                throw ConnectError(.http2Unavailable, "the server does not speak HTTP/2")
            }
            guard name == "h2" || isRequired else { return .http1(self.install(handshake, on: channel)) }
            return .http2(
                try HTTP2Connection.install(
                    on: channel, configuration: self.configuration, logger: self.client.settings.logger))
        }
    }

    private func install(_ handshake: ClientHandshake, on channel: any Channel)
        -> EventLoopFuture<WebSocketConnection>
    {
        let pending = self.pending(handshake, on: channel.eventLoop)
        let pipeline = channel.pipeline.syncOperations
        let codec = HTTP1ClientCodec(self.configuration)
        do {
            try codec.install(on: pipeline)
            try pipeline.addHandler(HTTP1HandshakeHandler(pending, codec: codec, isOnSocket: self.isOnSocket))
        } catch {
            // The channel may be closed by now.
            pending.opened.fail(error)
        }
        return pending.opened.futureResult
    }

    /// True if HTTP comes from a socket as it is: no TLS below it, neither of the server nor of a proxy, and no tap.
    private var isOnSocket: Bool {
        let proxy = self.url.unixSocketPath == nil ? self.configuration.proxy?.proxy(for: self.url) : nil
        return !self.url.isSecure && proxy?.kind != .https && self.configuration.tap == nil
    }

    /// On a connection with a place that is reserved for us.
    private func open(_ handshake: ClientHandshake, on connection: HTTP2Connection) async throws -> WebSocketConnection
    {
        let pending = self.pending(handshake, on: connection.eventLoop)
        connection.open(HTTP2HandshakeHandler(pending, on: connection), pending.opened)
        return try await pending.opened.futureResult.get()
    }

    private func pending(_ handshake: ClientHandshake, on eventLoop: any EventLoop) -> PendingConnection {
        PendingConnection(
            exchange: HandshakeExchange(
                handshake, maximumBodyByteCount: self.configuration.maximumRefusalBodyByteCount),
            settings: self.client.settings,
            isSecure: self.url.isSecure,
            watch: self.watch,
            opened: eventLoop.makePromise()
        )
    }

    private static func freshKey() -> HandshakeKey {
        var random = SystemRandomNumberGenerator()
        let nonce = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        guard let key = HandshakeKey(nonce: nonce) else { preconditionFailure("a nonce has 16 bytes") }
        return key
    }
}
