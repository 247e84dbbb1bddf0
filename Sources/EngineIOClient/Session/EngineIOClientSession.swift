public import EngineIOProtocol
public import NIOCore
public import WebSocketNIO

/// A session with a server, over whatever carries it at the moment. It may be used from any task.
public struct EngineIOClientSession: Sendable {
    private let driver: SessionDriver

    init(driver: SessionDriver) {
        self.driver = driver
    }

    /// The id that the server gave. A secret: whoever knows it can speak for this client.
    public var id: String { self.driver.parameters.sid }

    /// What carries the session now.
    public var transport: EngineIOTransport { self.driver.transport }

    /// Calls back when the session has moved to a WebSocket.
    public func onTransportChange(_ callback: @escaping @Sendable (EngineIOTransport) -> Void) {
        self.driver.onTransportChange(callback)
    }

    /// Sends a message; waits while too much waits before it. Messages arrive in order, each once, unless the session ends.
    /// - Throws: ``EngineIOClientError`` if the session has ended, `CancellationError`.
    public func send(_ message: WebSocketMessage) async throws { try await self.driver.send([message]) }

    /// Sends a text message.
    public func send(_ text: String) async throws { try await self.send(WebSocketMessage(text)) }

    /// Sends a binary message.
    public func send(_ bytes: ByteBuffer) async throws { try await self.send(WebSocketMessage(bytes)) }

    /// Sends messages with nothing in between.
    public func send(together messages: [WebSocketMessage]) async throws { try await self.driver.send(messages) }

    /// Sends messages with nothing in between, unless too much waits before them.
    /// - Returns: whether they will be sent.
    /// - Throws: ``EngineIOClientError`` if the session has ended.
    package func sendIfRoom(together messages: [WebSocketMessage]) throws -> Bool {
        try self.driver.sendIfRoom(messages)
    }

    /// Returns when there is room for messages, which somebody else may take, or the session has ended.
    package func waitForRoom(for messages: [WebSocketMessage]) async throws {
        try await self.driver.waitForRoom(for: messages)
    }

    /// Sends what must not wait for room, unless the session has ended.
    package func sendNow(_ message: WebSocketMessage) { self.driver.sendNow([message]) }

    /// Ends the session after what was sent before; ``messages`` come to their end.
    public func close() { self.driver.close() }

    /// What the server sends, for one task. Ends when the session is closed from here; throws ``EngineIOClientError`` if it
    /// ends otherwise.
    public var messages: Messages { Messages(driver: self.driver) }

    public struct Messages: AsyncSequence, Sendable {
        fileprivate let driver: SessionDriver

        public func makeAsyncIterator() -> Iterator { Iterator(driver: self.driver) }

        public struct Iterator: AsyncIteratorProtocol {
            fileprivate let driver: SessionDriver

            public mutating func next() async throws -> WebSocketMessage? { try await self.driver.inbound.next() }
        }
    }
}
