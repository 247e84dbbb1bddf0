public import HTTPTypes

/// The application asked for a handshake that can't be sent.
public enum HandshakeArgumentError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The field is written by the handshake itself, or would change where the message ends.
    case reservedField(HTTPField.Name)
    case invalidSubprotocol(String)
    case duplicateSubprotocol(String)
    case subprotocolNotOffered(String, offered: [String])

    public var description: String {
        switch self {
        case .reservedField(let name):
            "header field \(name) belongs to the handshake and can't be set"
        case .invalidSubprotocol(let name):
            "subprotocol \(name.debugDescription) is not a token: letters, digits and !#$%&'*+-.^_`|~ only"
        case .duplicateSubprotocol(let name):
            "subprotocol \(name.debugDescription) is listed twice"
        case .subprotocolNotOffered(let name, let offered):
            "subprotocol \(name.debugDescription) was not offered by the client, which offered \(offered)"
        }
    }
}

extension HTTPFields {
    /// The first field that an application must not set on a handshake message, if there is one.
    var firstHandshakeFieldName: HTTPField.Name? {
        self.lazy.map(\.name).first { name in
            HTTPFields.handshakeFieldNames.contains(name.canonicalName)
                || name.canonicalName.hasPrefix("sec-websocket-")
        }
    }

    private static let handshakeFieldNames: Set<String> = [
        "host", "upgrade", "connection", "content-length", "transfer-encoding",
    ]
}
