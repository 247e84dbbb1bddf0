internal import EngineIOClient
internal import NIOCore
internal import SocketIOProtocol
internal import Synchronization
internal import WebSocketNIO

/// One stay of a socket in its namespace, from the question to be let in to its end. What belongs to one never goes to another.
struct Membership: Sendable {
    /// Of this socket's memberships.
    let number: Int
    let session: EngineIOClientSession
}

extension SocketIOClientSocket {
    /// Where a socket stands with the server.
    enum Phase: Sendable {
        /// Not in the namespace: no session, refused, or left. Next: joining.
        case absent
        /// CONNECT is sent, or will be when what authenticates is known. Next: catching up; absent if it was refused, is not wanted
        /// any more or the session is lost.
        case joining(Membership)
        /// Let in; what waited for that is sent before anything else. Next: joined, absent.
        case catchingUp(Membership)
        /// Next: absent.
        case joined(Membership)

        var joining: Membership? {
            if case .joining(let membership) = self { membership } else { nil }
        }

        /// The membership that the server has confirmed.
        var confirmed: Membership? {
            switch self {
            case .absent, .joining: nil
            case .catchingUp(let membership), .joined(let membership): membership
            }
        }
    }
}

/// An event as it goes out.
struct OutgoingEvent: Sendable {
    let messages: [WebSocketMessage]
    let acknowledgmentID: UInt64?
}

/// Somebody waits for the server's answer to an event.
struct PendingAnswer: Sendable {
    let continuation: AsyncThrowingStream<[SocketIOValue], any Error>.Continuation
    /// The number of that which the event was sent in; nil while it was not.
    var membership: Int?

    func fail() {
        self.continuation.finish(throwing: SocketIOAcknowledgmentError.disconnected)
    }
}

extension SocketIOClientSocket.State {
    mutating func sent(_ event: OutgoingEvent, in membership: Membership) {
        if let id = event.acknowledgmentID { self.pending[id]?.membership = membership.number }
    }

    /// - Returns: whether there was a connection, and whose answers will not come any more. What was not sent yet may still be
    ///   answered.
    mutating func leave() -> (wasConnected: Bool, unanswered: [PendingAnswer]) {
        let wasConnected = self.phase.confirmed != nil
        self.phase = .absent
        self.isRecovering = false
        self.early = []
        let unanswered = self.pending.filter { $0.value.membership != nil }
        for id in unanswered.keys { self.pending[id] = nil }
        return (wasConnected, Array(unanswered.values))
    }
}

extension SocketIOPacket {
    /// The packet as a session carries it.
    var messages: [WebSocketMessage] {
        let encoded = self.encoded
        return [WebSocketMessage(uncheckedKind: .text, bytes: ByteBuffer(bytes: encoded.text))]
            + encoded.attachments.map { WebSocketMessage($0) }
    }
}

extension EngineIOClientSession {
    /// Sends a packet without attachments that must not wait for room.
    func sendNow(_ packet: SocketIOPacket) {
        for message in packet.messages { self.sendNow(message) }
    }
}
