/// What becomes of a handshake.
public enum EngineIOAdmission: Sendable, Hashable {
    case accept
    /// The client gets error 4 with this message, and HTTP status 403.
    case refuse(message: String)

    /// Refused with the message "Forbidden".
    public static let refuse = EngineIOAdmission.refuse(message: "Forbidden")
}
