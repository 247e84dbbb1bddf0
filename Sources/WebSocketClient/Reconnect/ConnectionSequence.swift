public import HTTPTypes
internal import NIOCore
public import WebSocketNIO
internal import WebSocketProtocol

/// A try to connect that is about to be made.
public struct ReconnectionAttempt: Sendable {
    /// 1 for the first since the last connection that was stable.
    public let number: Int
    /// How the last connection ended; nil before the first.
    public let lastOutcome: CloseOutcome?
    /// Why the last try failed; nil if it did not.
    public let lastError: ConnectError?
}

/// What to ask for in a try to connect.
public struct ReconnectionRequest: Sendable {
    public var url: String
    /// A fresh token, what to resume after, and the like: besides those of ``ClientConfiguration/headerFields``, and in place
    /// of those that have the same names. `Authorization` is in place of ``ClientConfiguration/credentials``.
    public var headerFields: HTTPFields

    public init(url: String, headerFields: HTTPFields = [:]) {
        self.url = url
        self.headerFields = headerFields
    }
}

/// Connections to a server, one after the other: the next one when the last is done with. See
/// ``WebSocketClient/connections(to:policy:)``.
public struct ConnectionSequence: AsyncSequence, Sendable {
    public typealias Element = WebSocketConnection

    let client: WebSocketClient
    let policy: ReconnectionPolicy
    let prepare: @Sendable (ReconnectionAttempt) async throws -> ReconnectionRequest

    public func makeAsyncIterator() -> Iterator {
        Iterator(sequence: self)
    }

    public struct Iterator: AsyncIteratorProtocol {
        private let sequence: ConnectionSequence
        private var current: Held?
        private var failureCount = 0
        private var lastOutcome: CloseOutcome?
        private var lastError: ConnectError?

        init(sequence: ConnectionSequence) {
            self.sequence = sequence
        }

        /// Closes the last connection, if that is still open, and opens the next.
        /// - Throws: what will not heal (``ConnectError/isPermanent``), the last error when
        ///   ``ReconnectionPolicy/maximumAttemptCount`` is reached, and what the closure of `connections` throws.
        public mutating func next() async throws -> WebSocketConnection? {
            try await self.finishCurrent()
            var asked = Duration.zero
            while true {
                let random = Double.random(in: 0...1)
                let delay = Swift.max(
                    self.sequence.policy.delay(failureCount: self.failureCount, random: random), asked)
                if delay > .zero { try await Task.sleep(for: delay) }
                try Task.checkCancellation()
                let request = try await self.sequence.prepare(
                    ReconnectionAttempt(
                        number: self.failureCount + 1, lastOutcome: self.lastOutcome, lastError: self.lastError))
                do {
                    let connection = try await self.sequence.client.connectHolding(
                        to: WebSocketClient.parse(request.url), headerFields: request.headerFields)
                    connection.handler.release()
                    self.lastError = nil
                    self.current = Held(connection)
                    return connection
                } catch let error as ConnectError {
                    self.failureCount += 1
                    self.lastError = error
                    asked = error.retryAfter ?? .zero
                    let isLast = self.sequence.policy.maximumAttemptCount.map { self.failureCount >= $0 } ?? false
                    if error.isPermanent || isLast { throw error }
                }
            }
        }

        private mutating func finishCurrent() async throws {
            guard let held = self.current else { return }
            self.current = nil
            let code: CloseCode = Task.isCancelled ? .goingAway : .normalClosure
            // It has most likely ended by itself, and this only says how.
            self.lastOutcome = try? await held.connection.close(code: code)
            let isStable = ContinuousClock.now - held.since >= self.sequence.policy.stableAfter
            self.failureCount = isStable ? 0 : self.failureCount + 1
            try Task.checkCancellation()
        }
    }
}

/// A connection that goes when the loop over it does, however that is left.
private final class Held: Sendable {
    let connection: WebSocketConnection
    let since = ContinuousClock.now

    init(_ connection: WebSocketConnection) {
        self.connection = connection
    }

    deinit {
        let connection = self.connection
        connection.eventLoop.execute { try? connection.startClosing(code: .goingAway) }
    }
}

extension WebSocketClient {
    /// Connects, and connects again when the connection is done with, for as long as the loop runs.
    ///
    /// ```swift
    /// for try await connection in client.connections(to: "wss://live.example/feed") {
    ///     do {
    ///         for try await message in connection.messages { … }
    ///     } catch is ConnectionClosedError {
    ///         // It broke off: go on with the next.
    ///     }
    /// }
    /// ```
    ///
    /// A connection that is still open when the loop goes on is closed with 1000, or 1001 if the task is cancelled. Leaving the
    /// loop, by `break` or an error, closes it with 1001.
    public func connections(to url: String, policy: ReconnectionPolicy = ReconnectionPolicy()) -> ConnectionSequence {
        ConnectionSequence(client: self, policy: policy) { _ in ReconnectionRequest(url: url) }
    }

    /// The same, with URL and header fields that are made anew for each try: for tokens that expire, servers to choose
    /// from, and a place to resume at.
    public func connections(
        policy: ReconnectionPolicy = ReconnectionPolicy(),
        request: @escaping @Sendable (ReconnectionAttempt) async throws -> ReconnectionRequest
    ) -> ConnectionSequence {
        ConnectionSequence(client: self, policy: policy, prepare: request)
    }
}
