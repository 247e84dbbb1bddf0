internal import NIOCore
internal import Synchronization

extension SocketIOSocket {
    /// The rooms that the socket is in, without the one of its own, which is named by its id. Handlers of the socket see
    /// at once what they have joined; what others ask for goes through the socket's event loop first.
    public var rooms: Set<String> { self.shared.withLock { $0.rooms } }

    /// Joins rooms. Broadcasts that the same caller sends afterwards find the socket there.
    public func join(_ rooms: String...) { self.join(rooms) }

    /// Leaves rooms.
    public func leave(_ rooms: String...) { self.leave(rooms) }

    func join(_ rooms: [String]) { self.change(.join(rooms, self.namespace)) }

    func leave(_ rooms: [String]) { self.change(.leave(rooms, self.namespace)) }

    /// Changes ``rooms``, at once for callers on the event loop, and then what the event loop's tables say.
    private func change(_ change: RoomChange) {
        if self.eventLoop.inEventLoop {
            self.apply(change)
            self.inOrder { $0.enterOrLeave(change.rooms) }
        } else {
            self.inOrder { $0.carryOut(change) }
        }
    }

    /// On the event loop, in the order of what was asked for.
    func carryOut(_ change: RoomChange) {
        self.apply(change)
        self.enterOrLeave(change.rooms)
    }

    /// Changes ``rooms``, and what the socket takes along should it be lost before this turn of the event loop is over.
    private func apply(_ change: RoomChange) {
        let rooms = change.joins ? change.rooms.filter { $0 != self.id } : change.rooms
        let (before, after) = self.shared.withLock { shared in
            let before = shared.rooms
            if change.joins { shared.rooms.formUnion(rooms) } else { shared.rooms.subtract(rooms) }
            return (before, shared.rooms)
        }
        guard self.state == .connected, let ticket = self.recoveryTicket else { return }
        for room in after.subtracting(before) { ticket.joined(room, after: change.head) }
        for room in before.subtracting(after) { ticket.left(room, after: change.head) }
    }

    /// Makes the tables say of `rooms` what ``rooms`` says now.
    private func enterOrLeave(_ rooms: [String]) {
        // A socket that is about to be connected takes its rooms along then.
        guard self.state == .connected, let members = self.connection.loop.members(of: self.namespace) else { return }
        let joined = self.rooms
        for room in rooms {
            if joined.contains(room) { members.join(room, self) } else { members.leave(room, self) }
        }
    }
}

/// Rooms that somebody joins or leaves, and when that was asked for.
struct RoomChange: Sendable {
    let rooms: [String]
    let joins: Bool
    /// The number of the last event before: what the caller has sent before goes to the rooms of before, wherever it is by now.
    let head: UInt64

    static func join(_ rooms: [String], _ namespace: SocketIONamespace) -> RoomChange {
        RoomChange(rooms: rooms, joins: true, head: namespace.recovery?.head ?? 0)
    }

    static func leave(_ rooms: [String], _ namespace: SocketIONamespace) -> RoomChange {
        RoomChange(rooms: rooms, joins: false, head: namespace.recovery?.head ?? 0)
    }
}
