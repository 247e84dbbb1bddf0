internal import HTTPTypes
internal import WebSocketProtocol

/// What is asked for, and as whom: changes with a redirection.
struct HandshakeRequest: Sendable {
    private(set) var url: WebSocketURL
    var headerFields: HTTPFields
    /// It leads to another origin than the one asked for: who we are is not shown there.
    private(set) var isForeign = false
    private let configuration: ClientConfiguration

    init(url: WebSocketURL, configuration: ClientConfiguration) {
        self.url = url
        self.configuration = configuration
        self.headerFields = configuration.headerFields
        if let credentials = configuration.credentials, self.headerFields[.authorization] == nil {
            self.headerFields[.authorization] = credentials.fieldValue
        }
    }

    /// - Parameter key: nil for HTTP/2.
    func handshake(key: HandshakeKey?) throws(HandshakeArgumentError) -> ClientHandshake {
        try ClientHandshake(
            url: self.url,
            key: key,
            subprotocols: self.configuration.subprotocols,
            requiresSubprotocol: self.configuration.requiresSubprotocol,
            headerFields: self.headerFields,
            compression: self.configuration.connection.compression
        )
    }

    /// Where a redirection leads (RFC 9110 §15.4).
    /// - Returns: nil if the error is none.
    /// - Throws: if it can't be followed: it leads nowhere that we know, or out of TLS.
    func redirected(by error: ConnectError) throws(ConnectError) -> HandshakeRequest? {
        guard let response = error.response, error.reason == .refused,
            [301, 302, 303, 307, 308].contains(response.status.code), let location = response.headerFields[.location]
        else { return nil }
        func refusal(_ why: String, _ beneath: (any Error)? = nil) -> ConnectError {
            ConnectError(
                .refused, "the redirection to \(location.debugDescription) is not followed: \(why)", response: response,
                body: error.body, isBodyTruncated: error.isBodyTruncated, underlying: beneath)
        }
        let target: WebSocketURL
        do throws(WebSocketURLError) {
            target = try self.url.resolving(location)
        } catch let problem {
            throw refusal("\(problem)", problem)
        }
        guard target.unixSocketPath == nil else { throw refusal("it leads to a Unix socket") }
        guard target.isSecure || !self.url.isSecure else { throw refusal("it leads from wss: to ws:") }
        var next = self
        next.url = target
        let isSameOrigin =
            target.isSecure == self.url.isSecure && target.host == self.url.host && target.port == self.url.port
        if !isSameOrigin {
            next.isForeign = true
            next.headerFields[.authorization] = nil
            next.headerFields[.cookie] = nil
            next.headerFields[.proxyAuthorization] = nil
        }
        return next
    }
}
