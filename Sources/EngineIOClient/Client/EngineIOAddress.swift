internal import EngineIOProtocol
internal import WebSocketProtocol

/// Where a server's sessions are, and the URLs that lead there.
struct EngineIOAddress: Sendable {
    let url: WebSocketURL

    init(_ url: String) throws(EngineIOClientError) {
        do throws(WebSocketURLError) {
            self.url = try WebSocketURL(url)
        } catch {
            throw EngineIOClientError(
                .invalidURL, "can't connect to \(url.debugDescription): \(error)", underlying: error)
        }
        guard self.url.unixSocketPath == nil else {
            throw EngineIOClientError(
                .invalidURL, "can't connect to \(url.debugDescription): there is no polling over a Unix socket")
        }
    }

    /// What the URL's `user:password@` says to the server (RFC 7617); nil if it has none.
    var authorization: String? {
        self.url.userInformation.map { "Basic " + Base64.encode(Array($0.utf8)) }
    }

    /// - Parameters:
    ///   - transport: what the request is for.
    ///   - id: of the session; nil for a handshake.
    ///   - isWebSocket: whether the scheme is `ws:` or `http:`, secure or not.
    func url(_ transport: EngineIOTransport, _ id: String?, isWebSocket: Bool) -> String {
        let scheme = (isWebSocket ? "ws" : "http") + (self.url.isSecure ? "s" : "")
        let path = self.url.resourceName
        let separator = path.contains("?") ? "&" : "?"
        let session = id.map { "&sid=\($0)" } ?? ""
        return "\(scheme)://\(self.url.hostHeader)\(path)\(separator)EIO=4&transport=\(transport.rawValue)\(session)"
    }
}
