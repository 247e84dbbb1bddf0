internal import AsyncHTTPClient
internal import EngineIOProtocol
internal import HTTPTypes

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

    /// Opens a session, runs `body` with it and closes it, also when `body` throws.
    /// - Parameters:
    ///   - url: `http:`, `https:`, `ws:` or `wss:`, with the path that the server serves, such as `/engine.io/`. A query is kept.
    ///   - body: may stop at any time. When the session ends before, ``EngineIOClientSession/messages`` and
    ///     its `send` throw.
    /// - Throws: ``EngineIOClientError`` if no session comes about, and whatever `body` throws.
    public func withSession<Result: Sendable>(
        to url: String, _ body: (EngineIOClientSession) async throws -> Result
    ) async throws -> Result {
        let address = try EngineIOAddress(url)
        var configuration = self.configuration
        if configuration.headerFields[.authorization] == nil {
            configuration.headerFields[.authorization] = address.authorization
        }
        let http = HTTPClient(configuration: try configuration.http(address.url))
        do {
            let driver = try await SessionDriver.open(address, http, configuration)
            let result = try await self.run(driver, body)
            try await http.shutdown()
            return result
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    private func run<Result: Sendable>(
        _ driver: SessionDriver, _ body: (EngineIOClientSession) async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await driver.run() }
            do {
                let result = try await body(EngineIOClientSession(driver: driver))
                driver.close()
                try await group.next()
                return result
            } catch {
                driver.close()
                try? await group.next()
                throw error
            }
        }
    }
}
