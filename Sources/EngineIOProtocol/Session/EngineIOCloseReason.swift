/// Why a session ended, in the words that the JavaScript server uses.
///
/// A structure, not an enumeration: more reasons may come.
public struct EngineIOCloseReason: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    public var description: String { self.rawValue }

    /// The WebSocket was closed, by either side of it, without a word of Engine.IO.
    public static let transportClose = EngineIOCloseReason(rawValue: "transport close")
    /// The client broke a rule of HTTP polling or of WebSocket, gave up a request half-way, or did not read.
    public static let transportError = EngineIOCloseReason(rawValue: "transport error")
    /// No pong came in time.
    public static let pingTimeout = EngineIOCloseReason(rawValue: "ping timeout")
    /// What the client sent is no packet, or none that a client may send.
    public static let parseError = EngineIOCloseReason(rawValue: "parse error")
    /// The client closed the session.
    public static let forcedClose = EngineIOCloseReason(rawValue: "forced close")
    /// The application closed the session.
    public static let forcedServerClose = EngineIOCloseReason(rawValue: "forced server close")
    /// The server shuts down.
    public static let serverShuttingDown = EngineIOCloseReason(rawValue: "server shutting down")
}
