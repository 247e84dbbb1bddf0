/// The sockets of a namespace that live on one event loop, and the rooms they are in. On that event loop only.
final class NamespaceMembers {
    private var sockets: [String: SocketIOSocket] = [:]
    private var rooms: [String: Set<SocketIOSocket>] = [:]
    /// The number of the last event, of those that may be recovered, that was sent here.
    var executedEvent: UInt64 = 0

    var isEmpty: Bool { self.sockets.isEmpty }

    func add(_ socket: SocketIOSocket) {
        self.sockets[socket.id] = socket
        for room in socket.rooms { self.rooms[room, default: []].insert(socket) }
    }

    func remove(_ socket: SocketIOSocket) {
        self.sockets[socket.id] = nil
        for room in socket.rooms { self.leave(room, socket) }
    }

    func join(_ room: String, _ socket: SocketIOSocket) {
        self.rooms[room, default: []].insert(socket)
    }

    func leave(_ room: String, _ socket: SocketIOSocket) {
        self.rooms[room]?.remove(socket)
        if self.rooms[room]?.isEmpty == true { self.rooms[room] = nil }
    }

    /// Calls `body` with each socket of the target once. It may end sockets.
    func forEach(in target: BroadcastTarget, _ body: (SocketIOSocket) -> Void) {
        switch target.rooms.count {
        case 0:
            for socket in self.sockets.values where !self.isExcepted(socket, target) { body(socket) }
        case 1:
            guard let room = target.rooms.first else { return }
            for socket in self.sockets(in: room) where !self.isExcepted(socket, target) { body(socket) }
        default:
            let sockets = target.rooms.reduce(into: Set()) { $0.formUnion(self.sockets(in: $1)) }
            for socket in sockets where !self.isExcepted(socket, target) { body(socket) }
        }
    }

    /// Each socket is in a room of its own, named by its id; that one takes no memory.
    private func sockets(in room: String) -> Set<SocketIOSocket> {
        let sockets = self.rooms[room] ?? []
        guard let socket = self.sockets[room] else { return sockets }
        return sockets.union([socket])
    }

    private func isExcepted(_ socket: SocketIOSocket, _ target: BroadcastTarget) -> Bool {
        target.except.contains { $0 == socket.id || self.rooms[$0]?.contains(socket) == true }
    }
}
