/// What a request asks for, from its method and query alone; whether there is such a session is for others to say.
package enum EngineIORequest: Sendable, Hashable {
    /// A new session.
    case handshake(EngineIOTransport)
    /// GET: packets to the client, as soon as there are any.
    case poll(sessionID: String)
    /// POST: packets from the client.
    case push(sessionID: String)
    /// A WebSocket for a session that polls.
    case upgrade(sessionID: String)

    package enum Method: Sendable, Hashable {
        case get
        case post
        case other
    }

    /// Looks at things in the order of the JavaScript server, so that a request that is wrong in two ways gets the same
    /// answer.
    /// - Parameters:
    ///   - query: as it came, without the question mark.
    ///   - isWebSocketRequest: true if it is a valid opening handshake.
    ///   - transports: those that may be used.
    package init(
        _ method: Method,
        query: String?,
        isWebSocketRequest: Bool,
        transports: Set<EngineIOTransport>
    ) throws(EngineIOError) {
        let query = EngineIOQuery(query ?? "")
        guard let name = query.transport, let transport = EngineIOTransport(rawValue: name),
            transports.contains(transport)
        else { throw .unknownTransport }
        // Of no use since CORS, and a script for others to run.
        guard !query.isJSONP else { throw .badRequest("JSONP is not supported") }
        guard isWebSocketRequest == (transport == .webSocket) else {
            throw query.sessionID == nil && method != .get ? .badHandshakeMethod : .badRequest
        }
        switch (query.sessionID, method) {
        case (nil, .get):
            // As in the JavaScript server it is the handshake that says which version is spoken.
            guard query.version == "4" else { throw .unsupportedVersion }
            self = .handshake(transport)
        case (nil, .post), (nil, .other):
            throw .badHandshakeMethod
        case (let id?, .get):
            self = isWebSocketRequest ? .upgrade(sessionID: id) : .poll(sessionID: id)
        case (let id?, .post):
            self = .push(sessionID: id)
        case (_?, .other):
            throw .badRequest
        }
    }
}

/// The parameters that mean something; of two with one name the first counts. Their values need no percent-encoding, so
/// one that has it is not among those we know.
private struct EngineIOQuery {
    var version: String?
    var transport: String?
    var sessionID: String?
    var isJSONP = false

    init(_ query: String) {
        for parameter in query.utf8.split(separator: UInt8(ascii: "&")) {
            let parts = parameter.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first else { continue }
            let value = parts.count > 1 ? String(Substring(parts[1])) : ""
            switch String(Substring(name)) {
            case "EIO": self.version = self.version ?? value
            case "transport": self.transport = self.transport ?? value
            // An empty one is none.
            case "sid": self.sessionID = self.sessionID ?? (value.isEmpty ? nil : value)
            case "j": self.isJSONP = true
            default: break
            }
        }
    }
}
