public import HTTPTypes

/// The client's side of the opening handshake: the request, and every check of the response (RFC 6455 §4.1).
public struct ClientHandshake: Sendable {
    public let request: HTTPRequest
    /// What the answer must prove to have read; nil over HTTP/2, which needs no proof.
    public let key: HandshakeKey?
    private let subprotocols: [String]
    private let requiresSubprotocol: Bool
    private let compression: CompressionConfiguration?

    /// - Parameters:
    ///   - url: where to.
    ///   - key: made from 16 fresh random bytes; nil for a handshake over HTTP/2 (RFC 8441 §5).
    ///   - subprotocols: in order of preference.
    ///   - requiresSubprotocol: fail if the server chooses none of them, as browsers do.
    ///   - headerFields: extra fields: `Origin`, `Cookie`, `Authorization` and the like.
    ///   - compression: what to offer of permessage-deflate; nil for nothing.
    /// - Throws: ``HandshakeArgumentError`` for a field or a subprotocol that can't be sent.
    public init(
        url: WebSocketURL,
        key: HandshakeKey?,
        subprotocols: [String] = [],
        requiresSubprotocol: Bool = false,
        headerFields: HTTPFields = [:],
        compression: CompressionConfiguration? = nil
    ) throws(HandshakeArgumentError) {
        for (index, name) in subprotocols.enumerated() {
            guard name.isToken else { throw .invalidSubprotocol(name) }
            guard !subprotocols[..<index].contains(name) else { throw .duplicateSubprotocol(name) }
        }
        if let name = headerFields.firstHandshakeFieldName { throw .reservedField(name) }

        var request = HTTPRequest(
            method: key == nil ? .connect : .get,
            scheme: url.isSecure ? "https" : "http",
            authority: url.hostHeader,
            path: url.resourceName
        )
        if let key {
            request.headerFields[.upgrade] = "websocket"
            request.headerFields[.connection] = "Upgrade"
            request.headerFields[.secWebSocketKey] = key.value
        } else {
            request.extendedConnectProtocol = "websocket"
        }
        request.headerFields[.secWebSocketVersion] = ServerHandshake.supportedVersion
        if !subprotocols.isEmpty {
            request.headerFields[.secWebSocketProtocol] = subprotocols.joined(separator: ", ")
        }
        if let compression {
            request.headerFields[.secWebSocketExtensions] = DeflateNegotiation.offer(compression)
        }
        if let user = url.userInformation, !user.isEmpty, headerFields[.authorization] == nil {
            let credentials = user.utf8.contains(UInt8(ascii: ":")) ? user : user + ":"
            request.headerFields[.authorization] = "Basic " + Base64.encode(Array(credentials.utf8))
        }
        request.headerFields.append(contentsOf: headerFields)
        self.request = request
        self.key = key
        self.subprotocols = subprotocols
        self.requiresSubprotocol = requiresSubprotocol
        self.compression = compression
    }

    /// What the server agreed to.
    public struct Agreement: Sendable, Hashable {
        public let subprotocol: String?
        public let compression: DeflateAgreement?
    }

    /// Checks a response that says yes: 101, or any status of success over HTTP/2.
    /// - Throws: ``HandshakeFailure`` that names the check that failed.
    public func validate(_ response: HTTPResponse) throws(HandshakeFailure) -> Agreement {
        let fields = response.headerFields
        if let key = self.key {
            guard response.status == .switchingProtocols else { throw .notSwitchingProtocols }
            guard fields[values: .upgrade].count == 1,
                fields[.upgrade]?.equalsIgnoringASCIICase("websocket") == true
            else { throw .upgrade }
            guard fields.contains(token: "upgrade", in: .connection) else { throw .connection }
            let accepts = fields[values: .secWebSocketAccept]
            guard let accept = accepts.first else { throw .acceptMissing }
            guard accepts.count == 1 else { throw .acceptRepeated }
            guard accept.trimmingOptionalWhitespace().hasSameBytes(as: key.acceptValue) else { throw .acceptMismatch }
        } else {
            guard response.status.kind == .successful else { throw .notSuccessful }
        }
        let compression = try self.agreement(fields[values: .secWebSocketExtensions])
        let chosen = fields[values: .secWebSocketProtocol]
        guard chosen.count <= 1 else { throw .subprotocolRepeated }
        guard let subprotocol = chosen.first else {
            guard self.subprotocols.isEmpty || !self.requiresSubprotocol else { throw .subprotocolMissing }
            return Agreement(subprotocol: nil, compression: compression)
        }
        guard self.subprotocols.contains(where: { $0.hasSameBytes(as: subprotocol) }) else {
            throw .subprotocolNotOffered
        }
        return Agreement(subprotocol: subprotocol, compression: compression)
    }

    /// Only what was offered may be used (§4.1 step 5).
    private func agreement(_ lines: [String]) throws(HandshakeFailure) -> DeflateAgreement? {
        guard let extensions = ExtensionElement.parse(lines) else { throw .extensionGrammar }
        guard let compression = self.compression else {
            guard extensions.isEmpty else { throw .extensionNotOffered }
            return nil
        }
        return try DeflateNegotiation.agreement(extensions, compression)
    }
}

/// The response to an opening handshake broke a rule of RFC 6455 §4.1.
public struct HandshakeFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The check that failed, in words. Stable.
    public let description: String

    init(_ description: String) {
        self.description = description
    }

    public static let notSwitchingProtocols = Self("the status is not 101")
    public static let notSuccessful = Self("the status is not one of success")
    public static let upgrade = Self("the Upgrade header is not \"websocket\"")
    public static let connection = Self("the Connection header has no \"Upgrade\"")
    public static let acceptMissing = Self("there is no Sec-WebSocket-Accept header")
    public static let acceptRepeated = Self("Sec-WebSocket-Accept appears more than once")
    public static let acceptMismatch = Self("Sec-WebSocket-Accept does not answer our key")
    public static let extensionGrammar = Self("the Sec-WebSocket-Extensions header breaks the grammar")
    public static let extensionRepeated = Self("the server accepts more than one extension for the same bits")
    public static let extensionParameters = Self("the server's parameters of permessage-deflate are not valid")
    public static let extensionNotOffered = Self("the server uses an extension that was not offered")
    public static let subprotocolRepeated = Self("Sec-WebSocket-Protocol appears more than once")
    public static let subprotocolNotOffered = Self("the server chose a subprotocol that was not offered")
    public static let subprotocolMissing = Self("the server chose none of the offered subprotocols")
}
