/// Why a request is refused: a number of the protocol and its words (Engine.IO protocol v4; the numbers are those of the
/// JavaScript server).
package struct EngineIOError: Error, Sendable, Hashable {
    package let code: Int
    package let message: String

    /// The HTTP status that goes with it.
    package var status: Int { self.code == 4 ? 403 : 400 }

    /// The body of the response, JSON.
    package var body: String { "{\"code\":\(self.code),\"message\":\(JSONText.quoted(self.message))}" }

    package static let unknownTransport = EngineIOError(code: 0, message: "Transport unknown")
    package static let unknownSession = EngineIOError(code: 1, message: "Session ID unknown")
    package static let badHandshakeMethod = EngineIOError(code: 2, message: "Bad handshake method")
    package static let badRequest = EngineIOError(code: 3, message: "Bad request")
    package static func forbidden(_ message: String) -> EngineIOError { EngineIOError(code: 4, message: message) }
    package static let unsupportedVersion = EngineIOError(code: 5, message: "Unsupported protocol version")

    /// The protocol's number, with words that say more.
    package static func badRequest(_ message: String) -> EngineIOError { EngineIOError(code: 3, message: message) }
}

/// Text as a JSON string (RFC 8259 §7).
enum JSONText {
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{0}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
