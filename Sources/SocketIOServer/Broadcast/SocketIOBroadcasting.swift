internal import EngineIOServer
public import SocketIOProtocol

/// Something that events can be sent to, or to rooms of.
public protocol SocketIOBroadcasting: Sendable {
    /// All of it.
    var everybody: SocketIOBroadcast { get }
}

extension SocketIOBroadcasting {
    /// The sockets that are in at least one of the rooms. A socket's id is the name of a room that it is always in; it is there
    /// alone as long as the application lets no other socket join it.
    public func to(_ rooms: String...) -> SocketIOBroadcast { self.everybody.adding(rooms: rooms) }

    /// The same as ``to(_:)``: reads better before ``SocketIOBroadcast/join(_:)``.
    public func `in`(_ rooms: String...) -> SocketIOBroadcast { self.everybody.adding(rooms: rooms) }

    /// All but the sockets that are in one of the rooms.
    public func except(_ rooms: String...) -> SocketIOBroadcast { self.everybody.adding(except: rooms) }

    /// The sockets of this process. So are all of them, as long as namespaces live in the memory of one process.
    public var local: SocketIOBroadcast { self.everybody }

    /// Whoever can't take an event at once does not get it: for what is worth nothing later.
    public var volatile: SocketIOBroadcast { self.everybody.beingVolatile() }
}

extension SocketIONamespace {
    /// Sends an event to all sockets of the namespace: see ``SocketIOBroadcast/emit(_:_:)``.
    public func emit<each Value: Encodable>(_ event: String, _ values: repeat each Value) throws {
        try self.everybody.emit(event, repeat each values)
    }
}

/// The sockets that something is sent to. A value: each step makes a narrower one.
public struct SocketIOBroadcast: SocketIOBroadcasting {
    let namespace: SocketIONamespace
    var target = BroadcastTarget()
    private var acknowledgmentTimeout = Duration.seconds(10)

    init(namespace: SocketIONamespace) {
        self.namespace = namespace
    }

    public var everybody: SocketIOBroadcast { self }

    /// How long ``emitWithAck(_:_:as:)`` waits. Default 10 s.
    public func timeout(_ timeout: Duration) -> SocketIOBroadcast {
        var copy = self
        copy.acknowledgmentTimeout = timeout
        return copy
    }

    fileprivate func adding(rooms: [String]) -> SocketIOBroadcast {
        var copy = self
        copy.target.rooms.formUnion(rooms)
        return copy
    }

    func adding(except: [String]) -> SocketIOBroadcast {
        var copy = self
        copy.target.except.formUnion(except)
        return copy
    }

    fileprivate func beingVolatile() -> SocketIOBroadcast {
        var copy = self
        copy.target.isVolatile = true
        return copy
    }
}

// MARK: - Events

extension SocketIOBroadcast {
    /// Sends an event, encoded once for all. It goes to the sockets that are there when it reaches their event loop; what one
    /// caller sends arrives in order.
    /// - Throws: `SocketIOEmitError` or `EncodingError` if the event can't be sent.
    public func emit<each Value: Encodable>(_ event: String, _ values: repeat each Value) throws {
        try self.emit(event, arguments: [SocketIOValue](encoding: repeat each values))
    }

    /// Sends an event with arguments as they are.
    /// - Throws: `SocketIOEmitError` if the event can't be sent.
    public func emit(_ event: String, arguments: [SocketIOValue]) throws(SocketIOEmitError) {
        self.namespace.send(try self.namespace.event(event, arguments), to: self.target)
    }

    /// Sends an event to all and waits for what they answer, up to ``timeout(_:)``.
    /// - Returns: what came in time. Answers of another form than `Answer` count as missing.
    /// - Throws: `SocketIOEmitError` or `EncodingError` if the event can't be sent, `CancellationError`.
    public func emitWithAck<Answer: Decodable & Sendable, each Value: Encodable>(
        _ event: String, _ values: repeat each Value, as type: Answer.Type = Answer.self
    ) async throws -> SocketIOAnswers<Answer> {
        let id = self.namespace.makeAcknowledgmentID()
        let arguments = try [SocketIOValue](encoding: repeat each values)
        let packet = try self.namespace.event(event, arguments, acknowledgmentID: id)
        let raw = try await self.collect(packet.encoded, id)
        var answers = SocketIOAnswers<Answer>()
        for (socket, arguments) in raw {
            if let answer = try? (arguments?.first ?? .null).decoded(as: Answer.self), arguments != nil {
                answers.bySocket[socket] = answer
            } else {
                answers.missing.append(socket)
            }
        }
        return answers
    }
}

/// What the sockets of a broadcast have answered.
public struct SocketIOAnswers<Answer: Sendable>: Sendable {
    /// By the id of the socket.
    public internal(set) var bySocket: [String: Answer] = [:]
    /// The ids of those that did not answer in time, are gone, or answered something else.
    public internal(set) var missing: [String] = []

    /// All answers, in no particular order.
    public var all: [Answer] { Array(self.bySocket.values) }
}

extension SocketIOBroadcast {
    /// What each socket answers; nil for one that does not.
    private func collect(_ packet: EncodedPacket, _ id: UInt64) async throws -> [(String, [SocketIOValue]?)] {
        let prepared = packet.prepared
        let namespace = self.namespace
        let target = self.target
        let timeout = self.acknowledgmentTimeout
        let answers = await withTaskGroup(of: [(String, [SocketIOValue]?)].self) { group in
            for loop in namespace.server.loops {
                group.addTask {
                    let asked = await loop.run(in: namespace) { loop -> [SocketIOSocket] in
                        var asked: [SocketIOSocket] = []
                        loop.members(of: namespace)?.forEach(in: target) { asked.append($0) }
                        return asked
                    }
                    return await withTaskGroup(of: (String, [SocketIOValue]?).self) { answers in
                        for socket in asked {
                            answers.addTask {
                                (socket.id, try? await socket.ask(prepared, id, isVolatile: target.isVolatile, timeout))
                            }
                        }
                        return await answers.reduce(into: []) { $0.append($1) }
                    }
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        try Task.checkCancellation()
        return answers
    }
}

// MARK: - Sockets

extension SocketIOBroadcast {
    /// The sockets as they are now.
    public func sockets() async -> [SocketIOSocket] {
        var sockets: [SocketIOSocket] = []
        for loop in self.namespace.server.loops {
            sockets += await loop.run(in: self.namespace) { loop in
                var found: [SocketIOSocket] = []
                loop.members(of: self.namespace)?.forEach(in: self.target) { found.append($0) }
                return found
            }
        }
        return sockets
    }

    /// Lets all of them join rooms.
    public func join(_ rooms: String...) {
        let change = RoomChange.join(rooms, self.namespace)
        self.forEach { $0.carryOut(change) }
    }

    /// Lets all of them leave rooms.
    public func leave(_ rooms: String...) {
        let change = RoomChange.leave(rooms, self.namespace)
        self.forEach { $0.carryOut(change) }
    }

    /// Disconnects all of them.
    /// - Parameter closingSession: also ends what carries them, and with it their sockets in other namespaces.
    public func disconnect(closingSession: Bool = false) {
        self.forEach { $0.disconnectNow(closingSession: closingSession) }
    }

    private func forEach(_ body: @escaping @Sendable (SocketIOSocket) -> Void) {
        for loop in self.namespace.server.loops {
            loop.execute(in: self.namespace) { $0.members(of: self.namespace)?.forEach(in: self.target, body) }
        }
    }
}
