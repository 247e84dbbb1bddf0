/// Which rooms a socket was in when, counted in events: so that what is sent again is what was sent the first time, and
/// nothing that went to a room before the socket was there, whatever offset its client names.
package struct MembershipHistory: Sendable {
    private struct Stay: Sendable {
        let room: String
        let joined: UInt64
        let left: UInt64
    }

    /// The events before this one are none of the socket's.
    private var start: UInt64
    /// The number of the last event before each room was joined.
    private var current: [String: UInt64] = [:]
    private var former: [Stay] = []
    private static let maximumFormerCount = 64

    /// - Parameter number: of the last event before the socket connected.
    package init(after number: UInt64) {
        self.start = number
    }

    package var rooms: some Collection<String> { self.current.keys }

    package mutating func joined(_ room: String, after number: UInt64) {
        guard self.current[room] == nil else { return }
        self.current[room] = number
    }

    package mutating func left(_ room: String, after number: UInt64) {
        guard let joined = self.current.removeValue(forKey: room), joined < number else { return }
        self.former.append(Stay(room: room, joined: joined, left: number))
        guard self.former.count > MembershipHistory.maximumFormerCount else { return }
        // Who was in more rooms than are remembered can recover from that point on only.
        self.start = max(self.start, self.former.removeFirst().left)
    }

    /// True if events after `number` can be told apart.
    package func reaches(back number: UInt64) -> Bool { number >= self.start }

    /// True if the event was, or would have been, sent to the socket.
    package func includes<Item>(_ entry: RecoveryLog<Item>.Entry, socketID: String) -> Bool {
        guard entry.number > self.start else { return false }
        let isAddressed = entry.rooms.isEmpty || entry.rooms.contains { self.was($0, entry.number, socketID) }
        return isAddressed && !entry.except.contains { self.was($0, entry.number, socketID) }
    }

    private func was(_ room: String, _ number: UInt64, _ socketID: String) -> Bool {
        if room == socketID { return true }
        if let joined = self.current[room], number > joined { return true }
        return self.former.contains { $0.room == room && number > $0.joined && number <= $0.left }
    }
}
