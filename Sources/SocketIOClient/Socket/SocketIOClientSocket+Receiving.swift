internal import EngineIOClient
internal import Logging
internal import SocketIOProtocol
internal import Synchronization

/// What the server says, and what becomes of it.
extension SocketIOClientSocket {
    /// Asks to be let into the namespace.
    func join() async {
        guard self.state.withLock({ $0.isWanted && !$0.isConnected }) else { return }
        do {
            var members = try await self.auth?()?.object ?? [:]
            let (privateID, offset) = self.state.withLock { ($0.privateID, $0.offset) }
            if let privateID, let offset {
                members["pid"] = .string(privateID)
                members["offset"] = .string(offset)
            }
            let content = SocketIOPacket.Content.connect(members.isEmpty ? nil : .object(members))
            try await self.transmit(SocketIOPacket(content, namespace: self.namespace))
        } catch {
            // Nobody to authenticate, or the session is gone: then it is tried again with the next.
            self.client.logger.debug("can't join", metadata: ["namespace": "\(self.namespace)", "error": "\(error)"])
        }
    }

    func received(_ packet: SocketIOPacket) async throws {
        switch packet.content {
        case .connect(let data):
            try await self.connected(data)
        case .connectError(let data):
            let error = SocketIOConnectError(data["message"]?.string ?? data.string ?? "refused", data: data["data"])
            self.call({ $0.connectError }, error)
        case .disconnect:
            // The server means it: come back with `connect()`.
            self.state.withLock { state in
                state.isWanted = false
                state.privateID = nil
            }
            self.lost("io server disconnect")
        case .event:
            let isEarly = try self.state.withLock { state in
                guard !state.isConnected else { return false }
                // What was missed comes before the connection is confirmed, but not without end.
                guard state.early.count < 65_536 else { throw SocketIOViolation.tooManyEarlyEvents }
                state.early.append(packet)
                return true
            }
            if !isEarly { self.deliver(packet) }
        case .acknowledgment(let values, let id):
            self.finish(id, .success(values))
        }
    }

    private func connected(_ data: SocketIOValue?) async throws {
        let privateID = data?["pid"]?.string
        let isRecovered = self.state.withLock { state in
            let isRecovered = privateID != nil && privateID == state.privateID
            state.id = data?["sid"]?.string
            state.privateID = privateID
            if !isRecovered { state.offset = nil }
            return isRecovered
        }
        self.call({ $0.connect }, isRecovered)
        // What was sent meanwhile goes first, so nothing overtakes it.
        while let packet = self.state.withLock({ state -> SocketIOPacket? in
            guard state.outbound.isEmpty else { return state.outbound.removeFirst() }
            state.isConnected = true
            return nil
        }) { try await self.transmit(packet) }
        let early = self.state.withLock { state in
            defer { state.early = [] }
            return state.early
        }
        for packet in early { self.deliver(packet) }
    }

    private func deliver(_ packet: SocketIOPacket) {
        guard case .event(let name, let arguments, let id) = packet.content else { return }
        self.state.withLock { state in
            if state.privateID != nil, id == nil, let offset = arguments.last?.string { state.offset = offset }
        }
        let handlers = self.handlers.withLock { $0 }
        self.client.enqueue {
            for handler in handlers.any { await handler(name, arguments) }
            var answer: [SocketIOValue]?
            for handler in handlers.events[name] ?? [] {
                do {
                    let found = try await handler(arguments)
                    answer = answer ?? found
                } catch {
                    for handler in handlers.error { await handler(name, error) }
                    guard handlers.error.isEmpty else { continue }
                    self.client.logger.debug(
                        "event was not handled", metadata: ["event": "\(name.debugDescription)", "error": "\(error)"])
                }
            }
            if let answer, let id {
                try? await self.transmit(SocketIOPacket(.acknowledgment(answer, id: id), namespace: self.namespace))
            }
        }
    }

    /// There is no connection any more.
    func lost(_ reason: String) {
        let (wasConnected, pending) = self.state.withLock {
            state -> (Bool, [CheckedContinuation<[SocketIOValue], any Error>]) in
            state.early = []
            // What is not sent yet may still be answered.
            guard state.isConnected else { return (false, []) }
            defer { state.pending = [:] }
            state.isConnected = false
            return (true, Array(state.pending.values))
        }
        for continuation in pending {
            continuation.resume(throwing: SocketIOAcknowledgmentError.disconnected)
        }
        if wasConnected { self.call({ $0.disconnect }, reason) }
    }

    private func call<Value: Sendable>(
        _ handlers: (Handlers) -> [@Sendable (Value) async -> Void], _ value: Value
    ) {
        let handlers = handlers(self.handlers.withLock { $0 })
        self.client.enqueue { for handler in handlers { await handler(value) } }
    }
}
