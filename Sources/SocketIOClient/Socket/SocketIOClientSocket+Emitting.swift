internal import EngineIOClient
internal import NIOCore
public import SocketIOProtocol
internal import Synchronization
internal import WebSocketNIO

extension SocketIOClientSocket {
    /// Sends an event; waits while too much waits before it. Without a connection it is kept for the next one.
    /// - Throws: `SocketIOEmitError` or `EncodingError` if the event can't be sent, ``SocketIOBufferError`` if too many wait
    ///   for a connection, `CancellationError`.
    public func emit<each Value: Encodable>(_ event: String, _ values: repeat each Value) async throws {
        try await self.emit(event, arguments: [SocketIOValue](encoding: repeat each values))
    }

    /// Sends an event with arguments as they are: see ``emit(_:_:)``.
    public func emit(_ event: String, arguments: [SocketIOValue]) async throws {
        try await self.send(self.event(event, arguments, nil))
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
        let wasConnected = self.state.withLock { state in
            defer {
                state.isWanted = false
                state.privateID = nil
            }
            return state.isConnected
        }
        guard wasConnected else { return }
        try await self.transmit(SocketIOPacket(.disconnect, namespace: self.namespace))
        self.lost("io client disconnect")
    }

    /// Comes back after ``disconnect()``, or after the server has disconnected the socket.
    public func connect() async {
        self.state.withLock { $0.isWanted = true }
        await self.join()
    }

    private func event(_ name: String, _ arguments: [SocketIOValue], _ id: UInt64?) throws -> SocketIOPacket {
        try .event(
            name, arguments, acknowledgmentID: id, namespace: self.namespace, limits: self.client.configuration.limits)
    }

    private func ask(_ event: String, _ arguments: [SocketIOValue], _ timeout: Duration) async throws -> [SocketIOValue]
    {
        let id = self.state.withLock { state in
            defer { state.nextAcknowledgmentID += 1 }
            return state.nextAcknowledgmentID
        }
        let packet = try self.event(event, arguments, id)
        return try await withThrowingTaskGroup(of: [SocketIOValue].self) { group in
            group.addTask {
                try await withTaskCancellationHandler {
                    try await withCheckedThrowingContinuation { continuation in
                        let isCancelled = self.state.withLock { state in
                            if !Task.isCancelled { state.pending[id] = continuation }
                            return Task.isCancelled
                        }
                        if isCancelled { continuation.resume(throwing: CancellationError()) }
                    }
                } onCancel: {
                    self.finish(id, .failure(CancellationError()))
                }
            }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw SocketIOAcknowledgmentError.timedOut
            }
            defer { group.cancelAll() }
            do {
                try await self.send(packet)
                return try await group.next() ?? []
            } catch {
                // What still waits for a connection is not sent any more.
                self.state.withLock { $0.outbound.removeAll { $0 == packet } }
                throw error
            }
        }
    }

    func finish(_ id: UInt64, _ result: Result<[SocketIOValue], any Error>) {
        self.state.withLock { $0.pending.removeValue(forKey: id) }?.resume(with: result)
    }

    /// Sends an event now, or when there is a connection.
    private func send(_ packet: SocketIOPacket) async throws {
        let limit = self.client.configuration.maximumBufferedEvents
        let isConnected = try self.state.withLock { state in
            if state.isConnected { return true }
            guard state.outbound.count < limit else { throw SocketIOBufferError(limit: limit) }
            state.outbound.append(packet)
            return false
        }
        if isConnected { try await self.transmit(packet) }
    }

    func transmit(_ packet: SocketIOPacket) async throws {
        let encoded = packet.encoded
        let messages =
            [WebSocketMessage(uncheckedKind: .text, bytes: ByteBuffer(bytes: encoded.text))]
            + encoded.attachments.map { WebSocketMessage($0) }
        try await self.client.session?.send(together: messages)
    }
}

/// Too many events wait for a connection. This one was not sent.
public struct SocketIOBufferError: Error, Sendable, Hashable, CustomStringConvertible {
    /// How many wait.
    public let limit: Int

    public var description: String { "\(self.limit) events wait for a connection already" }
}
