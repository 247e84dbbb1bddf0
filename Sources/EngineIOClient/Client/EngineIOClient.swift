internal import AsyncHTTPClient
internal import EngineIOProtocol
internal import NIOCore
internal import NIOHTTPCompression
internal import WebSocketClient
internal import WebSocketNIO

/// Opens sessions of Engine.IO v4: by HTTP polling, which every network lets through, moving to a WebSocket where that works.
///
/// ```swift
/// try await EngineIOClient().withSession(to: "https://live.example/engine.io/") { session in
///     try await session.send("hello")
///     for try await message in session.messages { print(message.text ?? "binary") }
/// }
/// ```
public struct EngineIOClient: Sendable {
    public let configuration: EngineIOClientConfiguration

    public init(configuration: EngineIOClientConfiguration = EngineIOClientConfiguration()) {
        self.configuration = configuration
    }

    /// Opens a session, runs `body` with it and closes it.
    /// - Parameters:
    ///   - url: `http:`, `https:`, `ws:` or `wss:`, with the path that the server serves, such as `/engine.io/`. A query is kept.
    ///   - body: may stop at any time. When the session ends before, ``EngineIOClientSession/messages`` and
    ///     its `send` throw.
    /// - Throws: ``EngineIOClientError`` if no session comes about, and whatever `body` throws.
    public func withSession<Result: Sendable>(
        to url: String, _ body: (EngineIOClientSession) async throws -> Result
    ) async throws -> Result {
        let address = try EngineIOAddress(url)
        let http = HTTPClient(configuration: self.configuration.http)
        do {
            let result = try await self.run(address, http, body)
            try await http.shutdown()
            return result
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    private func run<Result: Sendable>(
        _ address: EngineIOAddress, _ http: HTTPClient, _ body: (EngineIOClientSession) async throws -> Result
    ) async throws -> Result {
        let driver = try await SessionDriver.open(address, http, self.configuration)
        let session = EngineIOClientSession(driver: driver)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await driver.run() }
            do {
                let result = try await body(session)
                driver.close()
                group.addTask {
                    // Whoever does not take the goodbye is not waited for.
                    try await Task.sleep(for: self.configuration.closeTimeout)
                }
                try await group.next()
                group.cancelAll()
                return result
            } catch {
                group.cancelAll()
                throw error
            }
        }
    }
}

extension EngineIOClientConfiguration {
    fileprivate var http: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: self.tls,
            redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(self.requestTimeout))
        )
        configuration.proxy = self.proxy
        configuration.httpVersion = .http1Only
        // Whoever wants another attempt makes one, with a delay of its choosing.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.decompression = .enabled(limit: .size(self.maximumPollByteCount))
        return configuration
    }

    /// For WebSockets of sessions.
    var webSocketClient: WebSocketClient {
        var configuration = ClientConfiguration()
        configuration.connection = self.webSocket
        configuration.headerFields = self.headerFields
        configuration.tls = self.tls
        configuration.connectTimeout = self.requestTimeout
        return WebSocketClient(configuration: configuration)
    }
}
