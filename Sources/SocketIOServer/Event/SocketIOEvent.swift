public import SocketIOProtocol
internal import Synchronization

/// What a client sent: a name, and arguments as they came.
public struct SocketIOEvent: Sendable {
    public let name: String
    public let arguments: [SocketIOValue]
    /// The client waits for an acknowledgment; nil if it does not.
    public let acknowledgment: SocketIOAcknowledgment?
}

/// The answer that a client waits for. The first one counts.
public final class SocketIOAcknowledgment: Sendable {
    private let id: UInt64
    private let socket: SocketIOSocket
    private let isSent = Atomic(false)

    init(id: UInt64, socket: SocketIOSocket) {
        self.id = id
        self.socket = socket
    }

    /// Answers; does nothing if an answer was sent before, or the socket is disconnected.
    /// - Throws: `EncodingError` if a value can't be encoded.
    public func send<each Value: Encodable>(_ values: repeat each Value) throws {
        self.send(arguments: try [SocketIOValue](encoding: repeat each values))
    }

    /// Answers with values as they are; does nothing if an answer was sent before, or the socket is disconnected.
    public func send(arguments: [SocketIOValue]) {
        guard !self.isSent.exchange(true, ordering: .relaxed) else { return }
        self.socket.send(SocketIOPacket(.acknowledgment(arguments, id: self.id), namespace: self.socket.namespace.name))
    }
}
