internal import EngineIOClient
public import SocketIOProtocol
internal import Synchronization
internal import WebSocketNIO

extension SocketIOClientSocket {
    /// Sends an event; waits while too much waits before it. Without a connection it is kept for the next one.
    /// - Throws: `SocketIOEmitError` or `EncodingError` if the event can't be sent, ``SocketIOBufferError`` if too many wait
    ///   for a connection, `EngineIOClientError` if the client was closed or ``SocketIOClient/run()`` has ended,
    ///   `CancellationError`. Then it was not sent.
    public func emit<each Value: Encodable>(_ event: String, _ values: repeat each Value) async throws {
        try await self.emit(event, arguments: [SocketIOValue](encoding: repeat each values))
    }

    /// Sends an event with arguments as they are: see ``emit(_:_:)``.
    public func emit(_ event: String, arguments: [SocketIOValue]) async throws {
        try await self.send(OutgoingEvent(messages: self.messages(event, arguments, nil), acknowledgmentID: nil))
    }

    /// Sends an event and waits for the server's answer.
    /// - Parameters:
    ///   - event: its name.
    ///   - values: its arguments.
    ///   - timeout: how long to wait, also for a connection. Default 10 s.
    ///   - type: of the first value that the server answers with.
    /// - Throws: `SocketIOAcknowledgmentError` if no answer came, `DecodingError` if it is none of this type, and as
    ///   ``emit(_:_:)`` does.
    public func emitWithAck<Answer: Decodable & Sendable, each Value: Encodable>(
        _ event: String, _ values: repeat each Value, timeout: Duration = .seconds(10),
        as type: Answer.Type = Answer.self
    ) async throws -> Answer {
        let arguments = try [SocketIOValue](encoding: repeat each values)
        let answer = try await self.ask(event, arguments, timeout)
        return try (answer.first ?? .null).decoded(as: Answer.self)
    }

    /// Sends an event with arguments as they are and waits for all that the server answers.
    /// - Throws: as ``emitWithAck(_:_:timeout:as:)`` does.
    public func emitWithAck(
        _ event: String, arguments: [SocketIOValue], timeout: Duration = .seconds(10)
    ) async throws -> [SocketIOValue] {
        try await self.ask(event, arguments, timeout)
    }

    /// Leaves the namespace. ``connect()`` comes back.
    public func disconnect() async throws {
        let left = self.state.withLock { state -> (wasConnected: Bool, unanswered: [PendingAnswer])? in
            state.isWanted = false
            state.privateID = nil
            state.isRecovering = false
            // A server takes no goodbye before it has let one in: that is waited for.
            guard let membership = state.phase.confirmed else { return nil }
            membership.session.sendNow(SocketIOPacket(.disconnect, namespace: self.namespace))
            return state.leave()
        }
        if let left { self.announce(left, "io client disconnect") }
    }

    /// Comes back after ``disconnect()``, or after the server has disconnected the socket.
    public func connect() async {
        self.state.withLock { $0.isWanted = true }
        await self.join()
    }

    private func messages(_ name: String, _ arguments: [SocketIOValue], _ id: UInt64?) throws -> [WebSocketMessage] {
        try SocketIOPacket.event(
            name, arguments, acknowledgmentID: id, namespace: self.namespace, limits: self.client.configuration.limits
        ).messages
    }

    private func ask(_ event: String, _ arguments: [SocketIOValue], _ timeout: Duration) async throws -> [SocketIOValue]
    {
        let id = self.state.withLock { state in
            defer { state.nextAcknowledgmentID += 1 }
            return state.nextAcknowledgmentID
        }
        let question = OutgoingEvent(messages: try self.messages(event, arguments, id), acknowledgmentID: id)
        // Before the event is sent: an answer may come at once.
        let (answers, continuation) = AsyncThrowingStream.makeStream(of: [SocketIOValue].self)
        self.state.withLock { $0.pending[id] = PendingAnswer(continuation: continuation) }
        defer {
            self.state.withLock { state in
                state.pending[id] = nil
                // What still waits for a connection is not sent any more.
                state.outbound.removeAll { $0.acknowledgmentID == id }
            }
        }
        return try await withThrowingTaskGroup(of: [SocketIOValue].self) { group in
            group.addTask {
                try await self.send(question)
                for try await answer in answers { return answer }
                throw CancellationError()
            }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw SocketIOAcknowledgmentError.timedOut
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
    }

    /// Sends an event now, or when there is a connection.
    private func send(_ event: OutgoingEvent) async throws {
        let limit = self.client.configuration.maximumBufferedEvents
        while let session = try self.state.withLock({ state -> EngineIOClientSession? in
            if case .joined(let membership) = state.phase {
                do {
                    guard try membership.session.sendIfRoom(together: event.messages) else { return membership.session }
                    state.sent(event, in: membership)
                    return nil
                } catch {
                    // The session has ended, which this socket will hear of. The event waits for the next.
                }
            }
            guard !state.isOver else { throw EngineIOClientError.closedBeforeEnd }
            guard state.outbound.count < limit else { throw SocketIOBufferError(limit: limit) }
            state.outbound.append(event)
            return nil
        }) { try await session.waitForRoom(for: event.messages) }
    }
}

/// Too many events wait for a connection. This one was not sent.
public struct SocketIOBufferError: Error, Sendable, Hashable, CustomStringConvertible {
    /// How many wait.
    public let limit: Int

    public var description: String { "\(self.limit) events wait for a connection already" }
}
