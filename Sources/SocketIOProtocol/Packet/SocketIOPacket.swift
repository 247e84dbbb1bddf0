/// A packet of Socket.IO v5, whole: attachments are in their places.
package struct SocketIOPacket: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        /// From a client what authenticates it, from a server the ids of the socket.
        case connect(SocketIOValue?)
        case disconnect
        /// The name of an event and its arguments. Who sends an id wants an acknowledgment.
        case event(String, [SocketIOValue], acknowledgmentID: UInt64?)
        case acknowledgment([SocketIOValue], id: UInt64)
        case connectError(SocketIOValue)
    }

    /// Begins with a slash.
    package var namespace: String
    package var content: Content

    package init(_ content: Content, namespace: String = "/") {
        self.namespace = namespace
        self.content = content
    }

    /// The namespace that an application means: with a slash in front if there is none. Bytes count, not characters: a slash
    /// and a combining mark are one character.
    package static func namespace(named name: String) -> String {
        name.utf8.first == UInt8(ascii: "/") ? name : "/" + name
    }
}

/// Names that mean something else to applications of Socket.IO, so that no event may have them.
package enum ReservedEvent {
    package static let names: Set<String> = [
        "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener",
    ]
}
