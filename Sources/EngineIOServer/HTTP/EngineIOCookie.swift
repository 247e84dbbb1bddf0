/// The cookie that a handshake over polling sets to the session id.
///
/// It plays no part in the protocol; some load balancers send a client to the same server by it.
public struct EngineIOCookie: Sendable, Hashable {
    /// Default `io`.
    public var name = "io"
    /// Default `/`.
    public var path = "/"
    /// Default true: the session id is a secret that scripts need not read.
    public var isHTTPOnly = true
    /// Default `Lax`.
    public var sameSite = SameSite.lax
    /// Default false. Browsers demand it beside ``SameSite/none``.
    public var isSecure = false
    /// How long the browser keeps it; nil until it is closed.
    public var maximumAge: Duration?

    public enum SameSite: String, Sendable, Hashable {
        case strict = "Strict"
        case lax = "Lax"
        case none = "None"
    }

    /// - Parameter name: a token (RFC 6265 §4.1.1).
    public init(name: String = "io") {
        self.name = name
    }

    /// The value of `Set-Cookie` (RFC 6265 §4.1.1).
    func fieldValue(sessionID: String) -> String {
        var value = "\(self.name)=\(sessionID); Path=\(self.path)"
        if let maximumAge { value += "; Max-Age=\(maximumAge.components.seconds)" }
        if self.isHTTPOnly { value += "; HttpOnly" }
        if self.isSecure { value += "; Secure" }
        return value + "; SameSite=\(self.sameSite.rawValue)"
    }
}
