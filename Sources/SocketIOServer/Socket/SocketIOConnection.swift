internal import EngineIOServer
internal import Logging
internal import NIOCore
internal import OrderedCollections
internal import SocketIOProtocol
internal import WebSocketNIO
internal import WebSocketProtocol

/// A session of Engine.IO and the sockets that it carries, one in each namespace. On the session's event loop only.
final class SocketIOConnection: DeadlineTarget, @unchecked Sendable {
    // Safety: every stored property that is not a `let` is touched on the session's event loop only.

    let session: EngineIOSession
    let loop: SocketIOLoop
    var deadlineTick: Int64?
    private var assembler: PacketAssembler
    /// By namespace. Few, mostly one: not worth a table.
    private var sockets: [SocketIOSocket] = []
    /// Those that are about to be.
    private var entries: [NamespaceEntry] = []
    private(set) var isClosed = false
    /// How many sockets have too many events waiting.
    private var holderCount = 0
    /// Namespaces that the client was in, where packets may still be under way: the last ones, as many as it can be in at a
    /// time.
    private var leftNamespaces: OrderedSet<String> = []

    init(session: EngineIOSession, loop: SocketIOLoop) {
        self.session = session
        self.loop = loop
        self.assembler = PacketAssembler(limits: loop.server.configuration.limits)
    }

    func begin() {
        self.session.onMessage { _, message in self.received(message) }
        self.session.onClose { reason in self.closed(reason) }
        self.loop.deadlines.schedule(
            self, at: DeadlineWheel.now().advanced(by: self.loop.server.configuration.connectTimeout))
    }

    func deadlineReached(now: MonotonicTime) -> MonotonicTime? {
        if !self.sockets.contains(where: { $0.state == .connected }) { self.session.close() }
        return nil
    }

    private func closed(_ reason: EngineIOCloseReason) {
        self.isClosed = true
        self.loop.deadlines.remove(self)
        for socket in self.sockets { socket.disconnected(SocketIODisconnectReason(reason)) }
    }

    /// A socket has too many events waiting. The session is read again when none has.
    func holdUp() {
        self.holderCount += 1
        if self.holderCount == 1 { self.session.pauseReceiving() }
    }

    func goOn() {
        self.holderCount -= 1
        if self.holderCount == 0 { self.session.resumeReceiving() }
    }

    /// The socket is no longer in its namespace.
    func left(_ socket: SocketIOSocket) {
        self.sockets.removeAll { $0 === socket }
        self.leftNamespaces.remove(socket.namespace.name)
        self.leftNamespaces.append(socket.namespace.name)
        let limit = self.loop.server.configuration.maximumNamespacesPerSession
        if self.leftNamespaces.count > limit { self.leftNamespaces.removeFirst() }
    }
}

// MARK: - Packets

extension SocketIOConnection {
    private func received(_ message: EngineIOMessage) {
        do throws(SocketIOViolation) {
            let packet =
                switch message {
                case .text(let text):
                    try text.withUnsafeReadableBytes { bytes throws(SocketIOViolation) in
                        try self.assembler.receivedText(bytes)
                    }
                case .binary(let bytes): try self.assembler.receivedBinary(Array(bytes.readableBytesView))
                }
            if let packet { try self.received(packet) }
        } catch {
            self.loop.logger.debug("Socket.IO session failed", metadata: ["rule": "\(error.rule)"])
            self.session.fail(.parseError)
        }
    }

    private func received(_ packet: SocketIOPacket) throws(SocketIOViolation) {
        let socket = self.sockets.first { $0.namespace.name == packet.namespace }
        if case .connect(let auth) = packet.content {
            guard socket == nil, !self.entries.contains(where: { $0.namespace.name == packet.namespace }) else {
                throw .alreadyConnected
            }
            guard self.sockets.count + self.entries.count < self.loop.server.configuration.maximumNamespacesPerSession
            else {
                throw .tooManyNamespaces
            }
            return self.connect(packet.namespace, auth)
        }
        guard let socket, socket.state == .connected else {
            if self.leftNamespaces.contains(packet.namespace) { return }
            throw .unknownNamespace
        }
        switch packet.content {
        case .event(let name, let arguments, let id): socket.received(name, arguments, id)
        case .acknowledgment(let arguments, let id): socket.finishAcknowledgment(id, .success(arguments))
        case .disconnect: socket.disconnected(.clientNamespaceDisconnect)
        case .connect, .connectError: throw .payload
        }
    }
}

// MARK: - Entering a namespace

extension SocketIOConnection {
    private func connect(_ name: String, _ auth: SocketIOValue?) {
        guard let namespace = self.loop.server.enter(name) else {
            return self.refuse(name, SocketIOConnectError("Invalid namespace"))
        }
        let entry = NamespaceEntry(connection: self, namespace: namespace, auth: auth)
        self.entries.append(entry)
        entry.begin()
    }

    /// Nobody objects to the socket.
    func admit(_ socket: SocketIOSocket, _ entry: NamespaceEntry) {
        self.ended(entry)
        self.sockets.append(socket)
        self.loop.deadlines.remove(self)
        self.leftNamespaces.remove(socket.namespace.name)
    }

    /// It comes to nothing yet with this socket.
    func dismiss(_ socket: SocketIOSocket, _ entry: NamespaceEntry) {
        self.sockets.removeAll { $0 === socket }
        self.entries.append(entry)
    }

    func ended(_ entry: NamespaceEntry) {
        self.entries.removeAll { $0 === entry }
    }

    func refuse(_ namespace: String, _ error: SocketIOConnectError) {
        var members: [(String, SocketIOValue)] = [("message", .string(error.message))]
        if let data = error.data { members.append(("data", data)) }
        let content = SocketIOPacket.Content.connectError(.object(.init(uniqueKeysWithValues: members)))
        for message in SocketIOPacket(content, namespace: namespace).encoded.messages { self.session.send(message) }
    }
}
