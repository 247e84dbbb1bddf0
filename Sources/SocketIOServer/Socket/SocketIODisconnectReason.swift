internal import EngineIOServer

/// Why a socket was disconnected, in the words that the JavaScript server uses.
///
/// A structure, not an enumeration: more reasons may come. What ended the session below ended the socket, too.
public struct SocketIODisconnectReason: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    init(_ reason: EngineIOCloseReason) {
        self.init(rawValue: reason.rawValue)
    }

    public var description: String { self.rawValue }

    /// The client left the namespace.
    public static let clientNamespaceDisconnect = SocketIODisconnectReason(rawValue: "client namespace disconnect")
    /// The application disconnected the socket.
    public static let serverNamespaceDisconnect = SocketIODisconnectReason(rawValue: "server namespace disconnect")
    /// The connection was lost, or the client closed it without a word.
    public static let transportClose = SocketIODisconnectReason(.transportClose)
    /// The client broke a rule of the transport, or did not read.
    public static let transportError = SocketIODisconnectReason(.transportError)
    /// The client did not answer a ping.
    public static let pingTimeout = SocketIODisconnectReason(.pingTimeout)
    /// The client sent what is no packet.
    public static let parseError = SocketIODisconnectReason(.parseError)
    /// The client closed the session.
    public static let forcedClose = SocketIODisconnectReason(.forcedClose)
    /// The application closed the session.
    public static let forcedServerClose = SocketIODisconnectReason(.forcedServerClose)
    /// The server shuts down.
    public static let serverShuttingDown = SocketIODisconnectReason(.serverShuttingDown)

    /// True if the client may not have meant it, so that it may come back.
    var isRecoverable: Bool {
        ![.clientNamespaceDisconnect, .serverNamespaceDisconnect, .parseError].contains(self)
    }
}
