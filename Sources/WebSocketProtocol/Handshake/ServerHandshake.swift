public import HTTPTypes

/// The server's side of the opening handshake: judging a request and answering it (RFC 6455 §4.2).
public enum ServerHandshake {
    public enum Evaluation: Sendable, Hashable {
        /// Nothing that concerns us: serve it as HTTP.
        case notAnUpgrade
        /// A WebSocket request that can't be granted; answer with this.
        case refused(HandshakeRefusal)
        case valid(ClientOffer)
    }

    /// Judges a request.
    /// - Parameters:
    ///   - request: method and header fields; the host is checked by whoever reads HTTP.
    ///   - version: HTTP/1.0's `Upgrade` is ignored (RFC 9110 §7.8).
    ///   - hasBody: true if the request announces a body.
    public static func evaluate(_ request: HTTPRequest, version: HTTPProtocolVersion, hasBody: Bool) -> Evaluation {
        switch version {
        case .http10:
            return .notAnUpgrade
        case .http11:
            let fields = request.headerFields
            guard fields.contains(token: "websocket", in: .upgrade) else { return .notAnUpgrade }
            guard request.method == .get else { return .refused(.methodNotAllowed) }
            guard !hasBody else { return .refused(.body) }
            guard fields.contains(token: "upgrade", in: .connection) else {
                return .refused(.badRequest("the Connection header must contain \"Upgrade\""))
            }
            return self.evaluateFields(fields, version)
        case .http2:
            guard request.method == .connect else { return .notAnUpgrade }
            guard let name = request.extendedConnectProtocol else { return .refused(.tunnel) }
            guard name == "websocket" else { return .refused(.unknownProtocol) }
            guard !hasBody else { return .refused(.body) }
            return self.evaluateFields(request.headerFields, version)
        }
    }

    private static func evaluateFields(_ fields: HTTPFields, _ httpVersion: HTTPProtocolVersion) -> Evaluation {
        let versions = fields[values: .secWebSocketVersion]
        guard let version = versions.first, versions.count == 1 else {
            let problem = versions.isEmpty ? "is missing" : "appears more than once"
            return .refused(
                .badRequest(
                    "the Sec-WebSocket-Version header \(problem)",
                    headerFields: [.secWebSocketVersion: supportedVersion]))
        }
        guard version == supportedVersion else { return .refused(.unsupportedVersion(httpVersion)) }
        var key: HandshakeKey?
        // Over HTTP/2 there is no key: the setting already says that the server knows WebSocket (RFC 8441 §5).
        if httpVersion == .http11 {
            let keys = fields[values: .secWebSocketKey]
            guard let value = keys.first, keys.count == 1 else {
                let problem = keys.isEmpty ? "is missing" : "appears more than once"
                return .refused(.badRequest("the Sec-WebSocket-Key header \(problem)"))
            }
            key = HandshakeKey(received: value)
            guard key != nil else {
                return .refused(.badRequest("the Sec-WebSocket-Key header must be base64 of 16 bytes"))
            }
        }
        guard fields[values: .origin].count <= 1 else {
            return .refused(.badRequest("the Origin header appears more than once"))
        }
        let subprotocols = fields.listMembers(of: .secWebSocketProtocol).map { String($0) }
        guard subprotocols.allSatisfy(\.isToken), Set(subprotocols).count == subprotocols.count else {
            return .refused(.badRequest("the Sec-WebSocket-Protocol header must list distinct tokens"))
        }
        if subprotocols.isEmpty && fields[.secWebSocketProtocol] != nil {
            return .refused(.badRequest("the Sec-WebSocket-Protocol header is empty"))
        }
        guard let extensions = ExtensionElement.parse(fields[values: .secWebSocketExtensions]) else {
            return .refused(.badRequest("the Sec-WebSocket-Extensions header breaks the grammar of RFC 6455 §9.1"))
        }
        return .valid(
            ClientOffer(key: key, subprotocols: subprotocols, origin: fields[.origin], extensions: extensions))
    }

    /// The version of the protocol that is spoken here (§4.4).
    public static let supportedVersion = "13"

    /// The response that says yes to a valid request: 101, or 200 over HTTP/2.
    /// - Parameters:
    ///   - offer: what ``evaluate(_:version:hasBody:)`` found valid.
    ///   - subprotocol: one of those offered, or nil for none.
    ///   - headerFields: extra fields, such as `Set-Cookie`.
    ///   - compression: how to compress, if the client offers to; nil declines.
    /// - Returns: the response, and what it agrees to.
    /// - Throws: ``HandshakeArgumentError`` if the subprotocol was not offered or a field belongs to the handshake.
    public static func accept(
        _ offer: ClientOffer,
        subprotocol: String?,
        headerFields: HTTPFields,
        compression: CompressionConfiguration? = nil
    ) throws(HandshakeArgumentError) -> (response: HTTPResponse, compression: DeflateAgreement?) {
        if let name = headerFields.firstHandshakeFieldName { throw .reservedField(name) }
        var response = HTTPResponse(status: .ok)
        if let key = offer.key {
            response.status = .switchingProtocols
            response.headerFields[.upgrade] = "websocket"
            response.headerFields[.connection] = "Upgrade"
            response.headerFields[.secWebSocketAccept] = key.acceptValue
        }
        if let subprotocol {
            // Exact and case-sensitive (§4.2.2): a peer compares in the same way.
            guard offer.subprotocols.contains(where: { $0.hasSameBytes(as: subprotocol) }) else {
                throw .subprotocolNotOffered(subprotocol, offered: offer.subprotocols)
            }
            response.headerFields[.secWebSocketProtocol] = subprotocol
        }
        let answer = compression.flatMap { DeflateNegotiation.answer(offer.extensions, $0) }
        if let answer { response.headerFields[.secWebSocketExtensions] = answer.fieldValue }
        response.headerFields.append(contentsOf: headerFields)
        return (response, answer?.agreement)
    }
}

/// What a client asked for in a valid opening handshake.
public struct ClientOffer: Sendable, Hashable {
    /// What the answer must prove to have read; nil over HTTP/2, which needs no proof.
    public let key: HandshakeKey?
    /// In the client's order of preference.
    public let subprotocols: [String]
    /// The value of `Origin`; nil if the client is no browser.
    public let origin: String?
    /// In the client's order of preference.
    package let extensions: [ExtensionElement]
}

/// An HTTP response to a WebSocket request that can't be granted.
public struct HandshakeRefusal: Error, Sendable, Hashable {
    public let response: HTTPResponse
    /// Plain text that says what was wrong.
    public let body: String
    /// True if what follows on the connection can't be told apart from the refused request's body.
    public let closesConnection: Bool

    init(status: HTTPResponse.Status, headerFields: HTTPFields = [:], body: String, closesConnection: Bool = false) {
        self.response = HTTPResponse(status: status, headerFields: headerFields)
        self.body = body
        self.closesConnection = closesConnection
    }

    static func badRequest(_ problem: String, headerFields: HTTPFields = [:]) -> HandshakeRefusal {
        HandshakeRefusal(
            status: .badRequest, headerFields: headerFields,
            body: "Not a WebSocket handshake: \(problem) (RFC 6455 §4.2.1).\n")
    }

    static let methodNotAllowed = HandshakeRefusal(
        status: .methodNotAllowed,
        headerFields: [.allow: "GET"],
        body: "Not a WebSocket handshake: the method must be GET (RFC 6455 §4.2.1).\n"
    )

    static let body = HandshakeRefusal(
        status: .badRequest,
        body: "Not a WebSocket handshake: the request must not have a body.\n",
        closesConnection: true
    )

    static func unsupportedVersion(_ version: HTTPProtocolVersion) -> HandshakeRefusal {
        HandshakeRefusal(
            status: version == .http2 ? .badRequest : .upgradeRequired,
            headerFields: upgradeFields(version),
            body: "The WebSocket version spoken here is \(ServerHandshake.supportedVersion) (RFC 6455 §4.4).\n"
        )
    }

    static let unknownProtocol = HandshakeRefusal(
        status: .notImplemented,
        body: "The only :protocol spoken here is websocket (RFC 8441 §5).\n"
    )

    static let tunnel = HandshakeRefusal(
        status: .notImplemented,
        body: "CONNECT without :protocol asks for a tunnel, and this server is no proxy (RFC 9110 §9.3.6).\n"
    )

    /// The answer to a plain request for a path that only speaks WebSocket (RFC 9110 §15.5.22). HTTP/2 has no upgrade, so
    /// there it is 400.
    public static func upgradeRequired(_ version: HTTPProtocolVersion) -> HandshakeRefusal {
        let how =
            version == .http2
            ? "ask for it with CONNECT and :protocol websocket (RFC 8441 §5)"
            : "ask for it with Upgrade: websocket (RFC 6455 §4.1)"
        return HandshakeRefusal(
            status: version == .http2 ? .badRequest : .upgradeRequired,
            headerFields: upgradeFields(version),
            body: "This path speaks WebSocket: \(how).\n"
        )
    }

    /// The page that opened the connection is not allowed to (§10.2).
    public static let originNotAllowed = HandshakeRefusal(
        status: .forbidden,
        body: "The page's origin is not allowed to connect here.\n"
    )

    /// HTTP/2 must not have fields of the connection (RFC 9113 §8.2.2).
    private static func upgradeFields(_ version: HTTPProtocolVersion) -> HTTPFields {
        var fields: HTTPFields = [.secWebSocketVersion: ServerHandshake.supportedVersion]
        if version != .http2 {
            fields[.upgrade] = "websocket"
            fields[.connection] = "Upgrade"
        }
        return fields
    }
}
