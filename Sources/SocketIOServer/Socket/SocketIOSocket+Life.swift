internal import EngineIOServer
internal import NIOCore
internal import OrderedCollections
internal import SocketIOProtocol
internal import Synchronization

/// From the client's CONNECT to the end.
extension SocketIOSocket {
    /// Disconnects the client from the namespace, after what was sent before.
    /// - Parameter closingSession: also ends what carries it, and with it its sockets in other namespaces.
    public func disconnect(closingSession: Bool = false) {
        self.inOrder { $0.disconnectNow(closingSession: closingSession) }
    }

    /// On the event loop.
    func disconnectNow(closingSession: Bool) {
        guard self.state == .connected else { return }
        self.send(SocketIOPacket(.disconnect, namespace: self.namespace.name).encoded.messages, isVolatile: false)
        self.disconnected(.serverNamespaceDisconnect)
        if closingSession { self.connection.session.close() }
    }

    /// Nobody objected: the client is told, then the application.
    func connected() {
        let namespace = self.namespace
        self.state = .connected
        self.shared.withLock { $0.isConnected = true }
        if let recovery = namespace.recovery {
            let privateID = SocketIOID.make()
            let head = recovery.connected(self, privateID)
            self.recoveryTicket = RecoveryTicket(privateID: privateID, after: head)
            self.tellConnected(privateID)
            // So that the client has an offset before the first event; only `onAny` of the client sees it.
            let offset = SocketIOPacket(
                .event("_o", [.string(recovery.offset(head))], acknowledgmentID: nil), namespace: namespace.name)
            self.send(offset.encoded.messages, isVolatile: false)
        } else {
            self.tellConnected(nil)
        }
        self.begin()
    }

    /// The client has come back.
    /// - Returns: false if what it missed is not all there.
    func reconnected(_ privateID: String, _ away: AwaySocket, offset: String) -> Bool {
        guard let recovery = self.namespace.recovery,
            let (missed, ticket) = recovery.reconnected(self, privateID, away, offset: offset)
        else { return false }
        self.state = .connected
        self.shared.withLock { $0.isConnected = true }
        self.recoveryTicket = ticket
        // Before the client is told that it is connected: it keeps them until then.
        for event in missed { self.connection.session.send(event) }
        self.tellConnected(privateID)
        self.begin()
        return true
    }

    private func tellConnected(_ privateID: String?) {
        var ids: [(String, SocketIOValue)] = [("sid", .string(self.id))]
        if let privateID { ids.append(("pid", .string(privateID))) }
        let packet = SocketIOPacket(
            .connect(.object(.init(uniqueKeysWithValues: ids))), namespace: self.namespace.name)
        self.send(packet.encoded.messages, isVolatile: false)
    }

    private func begin() {
        let loop = self.connection.loop
        loop.add(self)
        if let ticket = self.recoveryTicket {
            for room in self.rooms { ticket.joined(room, after: ticket.floor) }
        }
        self.run(self.namespace.handlers.table.connect, ())
    }

    /// The end, whoever brought it about.
    func disconnected(_ reason: SocketIODisconnectReason) {
        let wasConnected = self.state == .connected
        guard self.state != .disconnected else { return }
        self.state = .disconnected
        self.shared.withLock { $0.isConnected = false }
        self.connection.left(self)
        if wasConnected {
            if let ticket = self.recoveryTicket {
                let away =
                    reason.isRecoverable
                    ? ticket.away(self, self.connection.loop.members(of: self.namespace)) : nil
                self.namespace.recovery?.disconnected(ticket.privateID, away, on: self.connection.loop)
            }
            self.connection.loop.remove(self)
            self.failAcknowledgments()
            self.run(self.namespace.handlers.table.disconnect, reason)
        }
        self.namespace.server.leave(self.namespace)
    }
}

extension SocketIOSocket {
    /// For tests: the session ends as if its connection had broken off.
    package func connectionIsLost() {
        self.inOrder { $0.connection.session.fail(.transportClose) }
    }
}
