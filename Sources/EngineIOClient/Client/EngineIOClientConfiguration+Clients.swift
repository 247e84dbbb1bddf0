internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTPCompression
internal import WebSocketClient
internal import WebSocketNIO
internal import WebSocketProtocol

/// What the clients of HTTP and of WebSocket beneath are told.
extension EngineIOClientConfiguration {
    /// For polling.
    func http(_ url: WebSocketURL) throws(EngineIOClientError) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: self.tls,
            redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(self.requestTimeout))
        )
        configuration.proxy = try self.pollingProxy(url)
        if let address = self.resolve["\(url.host):\(url.port)"]?.first {
            configuration.dnsOverride = [url.host: address]
        }
        configuration.httpVersion = .http1Only
        // Whoever wants another attempt makes one, with a delay of its choosing.
        configuration.connectionPool.retryConnectionEstablishment = false
        // Servers of Node close a connection that was idle for 5 s; a POST that meets with that is lost, and the session with it.
        configuration.connectionPool.idleTimeout = .seconds(4)
        configuration.decompression = .enabled(limit: .size(self.maximumPollByteCount))
        return configuration
    }

    private func pollingProxy(_ url: WebSocketURL) throws(EngineIOClientError) -> HTTPClient.Configuration.Proxy? {
        guard self.transports != .webSocketOnly, let proxy = self.proxy?.proxy(for: url) else { return nil }
        switch (proxy.kind, proxy.credentials) {
        case (.http, let credentials):
            return .server(
                host: proxy.host, port: proxy.port,
                authorization: credentials.map { .basic(username: $0.user, password: $0.password) })
        case (.socks5, nil):
            return .socksServer(host: proxy.host, port: proxy.port)
        case (.socks5, _):
            throw EngineIOClientError(.proxy, "polling can't go through \(proxy) with user name and password")
        case (.https, _):
            throw EngineIOClientError(.proxy, "polling can't go through \(proxy): only http: and socks5: proxies")
        }
    }

    /// For WebSockets of sessions.
    var webSocketClient: WebSocketClient {
        var configuration = ClientConfiguration()
        configuration.connection = self.webSocket
        configuration.headerFields = self.headerFields
        configuration.tls = self.tls
        configuration.proxy = self.proxy
        configuration.resolve = self.resolve
        configuration.httpVersions = self.webSocketHTTPVersions
        configuration.connectTimeout = self.requestTimeout
        return WebSocketClient(configuration: configuration)
    }
}
