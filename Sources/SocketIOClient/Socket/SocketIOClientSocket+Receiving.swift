internal import EngineIOClient
internal import Logging
internal import SocketIOProtocol
internal import Synchronization
internal import WebSocketNIO

/// What the server says, and what becomes of it.
extension SocketIOClientSocket {
    /// Asks to be let into the namespace, if there is a session and nobody has asked yet.
    func join() async {
        // The session can't end in between, so this socket hears of its end.
        let begun = self.client.state.withLock { client in
            self.state.withLock { state -> Membership? in
                guard let session = client.session, state.isWanted, case .absent = state.phase else { return nil }
                state.membershipCount += 1
                let membership = Membership(number: state.membershipCount, session: session)
                state.phase = .joining(membership)
                return membership
            }
        }
        guard let membership = begun else { return }
        do {
            let members = try await self.auth?()?.object ?? [:]
            self.state.withLock { state in
                guard state.phase.joining?.number == membership.number else { return }
                guard state.isWanted else {
                    state.phase = .absent
                    return
                }
                var members = members
                if let privateID = state.privateID, let offset = state.offset {
                    members["pid"] = .string(privateID)
                    members["offset"] = .string(offset)
                    state.isRecovering = true
                }
                let content = SocketIOPacket.Content.connect(members.isEmpty ? nil : .object(members))
                membership.session.sendNow(SocketIOPacket(content, namespace: self.namespace))
            }
        } catch {
            // Nobody to authenticate: it is tried again with the next session, or with `connect()`.
            let isHeard = self.state.withLock { state in
                guard state.phase.joining?.number == membership.number else { return false }
                state.phase = .absent
                return state.isWanted
            }
            guard isHeard else { return }
            self.client.logger.debug("can't join", metadata: ["namespace": "\(self.namespace)", "error": "\(error)"])
            self.call({ $0.connectError }, SocketIOConnectError("no authentication: \(error)"))
        }
    }

    func received(_ packet: SocketIOPacket) async throws {
        switch packet.content {
        case .connect(let data):
            try await self.connected(data)
        case .connectError(let data):
            let isHeard = self.state.withLock { state in
                guard state.phase.joining != nil else { return false }
                state.phase = .absent
                return state.isWanted
            }
            guard isHeard else { return }
            let error = SocketIOConnectError(data["message"]?.string ?? data.string ?? "refused", data: data["data"])
            self.call({ $0.connectError }, error)
        case .disconnect:
            let left = self.state.withLock { state -> (wasConnected: Bool, unanswered: [PendingAnswer])? in
                // One that meets with our own goodbye means nothing for what comes after it.
                guard state.phase.confirmed != nil else { return nil }
                // The server means it: come back with `connect()`.
                state.isWanted = false
                state.privateID = nil
                return state.leave()
            }
            if let left { self.announce(left, "io server disconnect") }
        case .event:
            let membership = try self.state.withLock { state -> Membership? in
                if state.phase.joining != nil, state.isRecovering {
                    // What was missed comes before the connection is confirmed, but not without end. Anything else is from
                    // before this client left.
                    guard state.early.count < 65_536 else { throw SocketIOViolation.tooManyEarlyEvents }
                    state.early.append(packet)
                }
                return state.phase.confirmed
            }
            if let membership { self.deliver(packet, in: membership) }
        case .acknowledgment(let values, let id):
            let pending = self.state.withLock { state -> PendingAnswer? in
                guard let membership = state.phase.confirmed, state.pending[id]?.membership == membership.number else {
                    return nil
                }
                return state.pending.removeValue(forKey: id)
            }
            pending?.continuation.yield(values)
        }
    }

    private func connected(_ data: SocketIOValue?) async throws {
        let privateID = data?["pid"]?.string
        let begun = self.state.withLock { state -> (Membership, isRecovered: Bool, early: [SocketIOPacket])? in
            guard let membership = state.phase.joining else { return nil }
            defer {
                state.isRecovering = false
                state.early = []
            }
            guard state.isWanted else {
                state.phase = .absent
                membership.session.sendNow(SocketIOPacket(.disconnect, namespace: self.namespace))
                return nil
            }
            let isRecovered = privateID != nil && privateID == state.privateID
            state.id = data?["sid"]?.string
            state.privateID = privateID
            if !isRecovered { state.offset = nil }
            state.phase = .catchingUp(membership)
            return (membership, isRecovered, state.early)
        }
        guard let (membership, isRecovered, early) = begun else { return }
        self.call({ $0.connect }, isRecovered)
        for packet in early { self.deliver(packet, in: membership) }
        try await self.catchUp(membership)
    }

    /// Sends what waited for the connection; what is sent meanwhile waits behind it, so nothing overtakes anything.
    private func catchUp(_ membership: Membership) async throws {
        while let next = self.state.withLock({ state -> [WebSocketMessage]? in
            guard case .catchingUp = state.phase else { return nil }
            while let event = state.outbound.first {
                // A session that has ended takes nothing: the event waits for the next.
                guard let isSent = try? membership.session.sendIfRoom(together: event.messages) else { return nil }
                guard isSent else { return event.messages }
                state.sent(event, in: membership)
                state.outbound.removeFirst()
            }
            state.phase = .joined(membership)
            return nil
        }) { try await membership.session.waitForRoom(for: next) }
    }

    private func deliver(_ packet: SocketIOPacket, in membership: Membership) {
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
                    await self.failed(name, error, handlers)
                }
            }
            guard let answer, let id else { return }
            do {
                try await self.acknowledge(answer, id, in: membership)
            } catch let error as SocketIOEmitError {
                await self.failed(name, error, handlers)
            } catch {
                // The session is gone, and with it who asked.
            }
        }
    }

    private func failed(_ event: String, _ error: any Error, _ handlers: Handlers) async {
        for handler in handlers.error { await handler(event, error) }
        guard handlers.error.isEmpty else { return }
        self.client.logger.debug(
            "event was not handled", metadata: ["event": "\(event.debugDescription)", "error": "\(error)"])
    }

    /// Answers an event, unless the membership that it came in has ended.
    private func acknowledge(_ answer: [SocketIOValue], _ id: UInt64, in membership: Membership) async throws {
        let messages = try SocketIOPacket.acknowledgment(
            answer, id: id, namespace: self.namespace, limits: self.client.configuration.limits
        ).messages
        while try self.state.withLock({ state in
            guard state.phase.confirmed?.number == membership.number else { return false }
            return try !membership.session.sendIfRoom(together: messages)
        }) { try await membership.session.waitForRoom(for: messages) }
    }

    /// There is no session any more.
    func lost(_ reason: String) {
        self.announce(self.state.withLock { $0.leave() }, reason)
    }

    func announce(_ left: (wasConnected: Bool, unanswered: [PendingAnswer]), _ reason: String) {
        for pending in left.unanswered { pending.fail() }
        if left.wasConnected { self.call({ $0.disconnect }, reason) }
    }

    /// There will be no further session, so what waits for one waits in vain.
    func end() {
        let hopeless = self.state.withLock { state in
            state.isOver = true
            state.outbound = []
            let hopeless = state.pending.filter { $0.value.membership == nil }
            for id in hopeless.keys { state.pending[id] = nil }
            return hopeless.values
        }
        for pending in hopeless { pending.fail() }
    }

    private func call<Value: Sendable>(
        _ handlers: (Handlers) -> [@Sendable (Value) async -> Void], _ value: Value
    ) {
        let handlers = handlers(self.handlers.withLock { $0 })
        self.client.enqueue { for handler in handlers { await handler(value) } }
    }
}
