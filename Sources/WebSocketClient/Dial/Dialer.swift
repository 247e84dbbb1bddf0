internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOPosix
internal import WebSocketNIO
internal import WebSocketProtocol

/// The way to a server: name and address or Unix socket, a proxy if there is one, TLS if the URL asks for it.
struct Dialer: Sendable {
    let configuration: ClientConfiguration
    let tlsContexts: TLSContexts
    let eventLoop: any EventLoop
    let deadline: MonotonicTime
    let watch: DialGuard

    /// - Parameters:
    ///   - tls: for the server; nil for a plain connection.
    ///   - install: fills the pipeline, on the event loop, before anything can arrive; gets what TLS agreed on.
    /// - Returns: what `install` returns.
    func dial<Result: Sendable>(
        _ url: WebSocketURL,
        tls: TLSContexts.Context?,
        install: @escaping @Sendable (any Channel, TLSAgreement?) throws -> Result
    ) -> EventLoopFuture<Result> {
        let proxy = url.unixSocketPath == nil ? self.configuration.proxy?.proxy(for: url) : nil
        let pins = self.configuration.pinnedKeys
        return self.watch.race(self.connect(url, proxy)).flatMap { channel in
            self.throughProxy(channel, url, proxy)
        }.flatMapErrorThrowing { error -> any Channel in
            throw proxy.map { Dialer.proxyError(error, $0) } ?? error
        }.flatMap { channel in
            guard let tls else {
                return channel.eventLoop.makeCompletedFuture { try install(channel, nil) }
            }
            return TLSLayer.add(to: channel, tls, host: url.host, pins: pins).flatMapThrowing {
                try install(channel, $0)
            }
        }
    }

    private func connect(_ url: WebSocketURL, _ proxy: Proxy?) -> EventLoopFuture<any Channel> {
        let remaining = DeadlineWheel.now().duration(to: self.deadline)
        guard remaining > .zero else { return self.eventLoop.makeFailedFuture(ChannelError.connectTimeout(.zero)) }
        let bootstrap = ClientBootstrap(group: self.eventLoop)
            .connectTimeout(TimeAmount(remaining))
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.recvAllocator, value: GrowingReceiveAllocator())
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { self.watch.watchToo(channel) }
            }
        if let path = url.unixSocketPath { return bootstrap.connect(unixDomainSocketPath: path) }
        let resolver = proxy == nil ? self.addresses(url).map { FixedResolver($0, self.eventLoop) } : nil
        return bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .resolver(resolver)
            .connect(host: proxy?.host ?? url.host, port: proxy?.port ?? url.port)
    }

    private func addresses(_ url: WebSocketURL) -> [String]? {
        self.configuration.resolve["\(url.host):\(url.port)"]
    }

    private func throughProxy(_ channel: any Channel, _ url: WebSocketURL, _ proxy: Proxy?)
        -> EventLoopFuture<any Channel>
    {
        guard let proxy else { return channel.eventLoop.makeSucceededFuture(channel) }
        let host = self.addresses(url)?.first ?? url.host
        switch proxy.kind {
        case .socks5:
            return SOCKSHandshake.perform(on: channel, host: host, port: url.port, proxy: proxy)
        case .http:
            return ProxyTunnel.open(on: channel, host: host, port: url.port, proxy: proxy)
        case .https:
            do {
                return TLSLayer.add(to: channel, try self.tlsContexts.proxy(), host: proxy.host, pins: nil).flatMap {
                    _ in
                    ProxyTunnel.open(on: channel, host: host, port: url.port, proxy: proxy)
                }
            } catch {
                return channel.eventLoop.makeFailedFuture(error)
            }
        }
    }

    /// What goes wrong before there is a tunnel is about the proxy, not about the server.
    private static func proxyError(_ error: any Error, _ proxy: Proxy) -> any Error {
        if case ChannelError.connectTimeout = error { return error }
        if let error = error as? ConnectError, error.reason == .proxy { return error }
        let why = NetworkFailure.words(error) ?? ConnectError.transport(error).message
        return ConnectError(.proxy, "can't use the proxy \(proxy): \(why)", underlying: error)
    }
}
