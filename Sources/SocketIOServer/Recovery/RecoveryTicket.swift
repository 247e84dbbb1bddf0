internal import SocketIOProtocol
internal import WebSocketNIO

/// What a connected socket needs to come back later. On the socket's event loop only.
final class RecoveryTicket {
    /// A secret that the client keeps: whoever knows it can take the socket over.
    let privateID: String
    /// Events up to this number are none of the socket's, or were sent before it was connected.
    let floor: UInt64
    private var lastSentEvent: UInt64
    private var history: MembershipHistory

    /// - Parameters:
    ///   - privateID: a secret.
    ///   - head: the number of the last event before the socket was connected.
    ///   - lastSentEvent: the last that was sent to the socket, now or before it went away.
    ///   - history: its stays in rooms.
    init(privateID: String, after head: UInt64, lastSentEvent: UInt64, history: MembershipHistory) {
        self.privateID = privateID
        self.floor = head
        self.lastSentEvent = lastSentEvent
        self.history = history
    }

    /// For a socket that is connected for the first time.
    convenience init(privateID: String, after head: UInt64) {
        self.init(
            privateID: privateID, after: head, lastSentEvent: head, history: MembershipHistory(after: head))
    }

    /// True if the event is to be sent.
    func sends(_ number: UInt64) -> Bool {
        guard number > self.floor else { return false }
        self.lastSentEvent = number
        return true
    }

    /// - Parameter head: the number of the last event that did not go to the room's new member.
    func joined(_ room: String, after head: UInt64) {
        self.history.joined(room, after: head)
    }

    func left(_ room: String, after head: UInt64) {
        self.history.left(room, after: head)
    }

    func away(_ socket: SocketIOSocket, _ members: NamespaceMembers?) -> AwaySocket {
        AwaySocket(
            id: socket.id,
            data: socket.data,
            history: self.history,
            lastSentEvent: self.lastSentEvent,
            lastEvent: self.position(members),
            time: DeadlineWheel.now()
        )
    }

    /// The last event that the event loop has sent.
    private func position(_ members: NamespaceMembers?) -> UInt64 { max(self.floor, members?.executedEvent ?? 0) }
}
