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

    func join(_ rooms: [String]) {
        self.change(rooms) { $0.formUnion(rooms.filter { $0 != self.id }) }
    }

    func leave(_ rooms: [String]) {
        self.change(rooms) { $0.subtract(rooms) }
    }

    /// Changes ``rooms``, at once for callers on the event loop, and then what the event loop's tables say.
    private func change(_ rooms: [String], _ change: @escaping @Sendable (inout Set<String>) -> Void) {
        if self.eventLoop.inEventLoop {
            self.shared.withLock { change(&$0.rooms) }
            self.inOrder { $0.enterOrLeave(rooms) }
        } else {
            self.inOrder { socket in
                socket.shared.withLock { change(&$0.rooms) }
                socket.enterOrLeave(rooms)
            }
        }
    }

    /// Makes the tables say of `rooms` what ``rooms`` says now.
    private func enterOrLeave(_ rooms: [String]) {
        // A socket that is about to be connected takes its rooms along then.
        guard self.state == .connected, let members = self.connection.loop.members(of: self.namespace) else { return }
        let joined = self.rooms
        for room in rooms {
            if joined.contains(room) {
                members.join(room, self)
                self.recoveryTicket?.joined(room, members)
            } else {
                members.leave(room, self)
                self.recoveryTicket?.left(room, members)
            }
        }
    }
}
