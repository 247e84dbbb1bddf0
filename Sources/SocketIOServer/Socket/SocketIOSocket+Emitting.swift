internal import EngineIOServer
internal import NIOCore
public import SocketIOProtocol

extension SocketIOSocket {
    /// Sends an event to this client.
    ///
    /// It waits in the session's queue until the client takes it; a client that does not is disconnected, see
    /// `EngineIOConfiguration.outboundQueueByteCount`.
    /// - Throws: `SocketIOEmitError` or `EncodingError` if the event can't be sent.
    public func emit<each Value: Encodable>(_ event: String, _ values: repeat each Value) throws {
        try self.emit(event, arguments: [SocketIOValue](encoding: repeat each values))
    }

    /// Sends an event with arguments as they are.
    /// - Throws: `SocketIOEmitError` if the event can't be sent.
    public func emit(_ event: String, arguments: [SocketIOValue]) throws(SocketIOEmitError) {
        self.emit(try self.namespace.event(event, arguments), isVolatile: false)
    }

    /// Sends an event to this client if it can take it at once; otherwise nobody gets it.
    public func emitVolatile<each Value: Encodable>(_ event: String, _ values: repeat each Value) throws {
        let arguments = try [SocketIOValue](encoding: repeat each values)
        self.emit(try self.namespace.event(event, arguments), isVolatile: true)
    }

    private func emit(_ packet: SocketIOPacket, isVolatile: Bool) {
        if self.namespace.recovery != nil {
            let target = BroadcastTarget(rooms: [self.id], isVolatile: isVolatile)
            return self.namespace.send(packet, to: target, on: [self.connection.loop])
        }
        let messages = packet.encoded.messages
        self.inOrder { $0.send(messages, isVolatile: isVolatile) }
    }

    /// Sends a packet that is no event.
    func send(_ packet: SocketIOPacket) {
        let messages = packet.encoded.messages
        self.inOrder { $0.send(messages, isVolatile: false) }
    }

    /// Runs `body` on the event loop, after all that the caller has asked for before; see `SocketIOLoop.execute(in:_:)`.
    func inOrder(_ body: @escaping @Sendable (SocketIOSocket) -> Void) {
        self.connection.loop.execute(in: self.namespace) { _ in body(self) }
    }
}

// MARK: - On the event loop

extension SocketIOSocket {
    func send(_ messages: [EngineIOMessage], isVolatile: Bool) {
        guard self.state == .connected, !isVolatile || self.connection.session.isWritable else { return }
        for message in messages { self.connection.session.send(message) }
    }

    func send(_ prepared: PreparedEngineIOMessage, isVolatile: Bool) {
        guard self.state == .connected, !isVolatile || self.connection.session.isWritable else { return }
        self.connection.session.send(prepared)
    }

    /// - Parameter number: of an event that may be recovered; nil for one that is not.
    func send(_ prepared: PreparedEngineIOMessage, isVolatile: Bool, number: UInt64?) {
        // A socket that has come back while an event was on its way has got it already.
        if let number, self.recoveryTicket?.sends(number) == false { return }
        self.send(prepared, isVolatile: isVolatile)
    }
}
