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
    /// - Throws: `EncodingError` if a value can't be encoded, `SocketIOEmitError` if there are too many binary values.
    public func send<each Value: Encodable>(_ values: repeat each Value) throws {
        try self.send(arguments: try [SocketIOValue](encoding: repeat each values))
    }

    /// Answers with values as they are; does nothing if an answer was sent before, or the socket is disconnected.
    /// - Throws: `SocketIOEmitError` if there are too many binary values.
    public func send(arguments: [SocketIOValue]) throws(SocketIOEmitError) {
        let namespace = self.socket.namespace
        let packet = try SocketIOPacket.acknowledgment(
            arguments, id: self.id, namespace: namespace.name, limits: namespace.server.configuration.limits)
        guard !self.isSent.exchange(true, ordering: .relaxed) else { return }
        self.socket.send(packet)
    }
}
