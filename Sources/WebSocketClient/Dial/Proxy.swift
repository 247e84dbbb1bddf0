package import WebSocketProtocol

/// A proxy to connect through.
public struct Proxy: Sendable, Hashable, CustomStringConvertible {
    public enum Kind: String, Sendable, Hashable {
        /// `CONNECT` of HTTP/1.1 (RFC 9110 §9.3.6).
        case http
        /// The same, with TLS to the proxy itself.
        case https
        /// SOCKS version 5 (RFC 1928); names are resolved by the proxy.
        case socks5
    }

    public var kind: Kind
    public var host: String
    public var port: Int
    /// User name and password, if the proxy asks for them: Basic, or RFC 1929.
    public var credentials: (user: String, password: String)? {
        get { self.storedCredentials.map { ($0.user, $0.password) } }
        set { self.storedCredentials = newValue.map { Credentials(user: $0.user, password: $0.password) } }
    }
    private var storedCredentials: Credentials?

    private struct Credentials: Hashable { let user: String, password: String }

    public init(_ kind: Kind, host: String, port: Int, credentials: (user: String, password: String)? = nil) {
        self.kind = kind
        self.host = host
        self.port = port
        self.credentials = credentials
    }

    /// Reads `http://host:port`, `https://…`, `socks5://…` or `socks5h://…`, with `user:password@` before the host if the
    /// proxy wants that. Without a scheme it is `http`, without a port 80, 443 or 1080.
    /// - Returns: nil for anything else.
    public init?(_ url: String) {
        let separator = url.firstRange(of: "://")
        let kind: Kind
        switch separator.map({ url[..<$0.lowerBound].lowercased() }) {
        case "http", nil: kind = .http
        case "https": kind = .https
        case "socks5", "socks5h", "socks": kind = .socks5
        default: return nil
        }
        var authority = url[(separator?.upperBound ?? url.startIndex)...]
        if authority.utf8.last == UInt8(ascii: "/") { authority.removeLast() }
        var user: String?
        if let at = authority.utf8.lastIndex(of: UInt8(ascii: "@")) {
            guard let decoded = WebSocketURL.percentDecode(authority[..<at]) else { return nil }
            user = decoded
            authority = authority[authority.utf8.index(after: at)...]
        }
        guard let endpoint = Endpoint(authority: authority), endpoint.port != 0 else { return nil }
        let defaultPort = kind == .socks5 ? 1080 : kind == .https ? 443 : 80
        let parts = user?.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        self.init(
            kind, host: endpoint.host, port: endpoint.port ?? defaultPort,
            credentials: parts.map { ($0[0], $0.count > 1 ? $0[1] : "") })
    }

    /// Without the credentials.
    public var description: String {
        "\(self.kind.rawValue)://\(self.host.contains(":") ? "[\(self.host)]" : self.host):\(self.port)"
    }
}

/// Which proxy is for which server.
public struct ProxyConfiguration: Sendable, Hashable {
    /// For `ws:`; nil for none.
    public var plain: Proxy?
    /// For `wss:`; nil for none.
    public var secure: Proxy?
    /// Hosts that are connected to directly: a name and what is below it (`example.com`, `.example.com`), an address, either
    /// with `:port`, or `*` for all.
    public var exceptions: [String] = []

    public init(plain: Proxy? = nil, secure: Proxy? = nil, exceptions: [String] = []) {
        self.plain = plain
        self.secure = secure
        self.exceptions = exceptions
    }

    /// One proxy for everything.
    public static func all(_ proxy: Proxy) -> ProxyConfiguration {
        ProxyConfiguration(plain: proxy, secure: proxy)
    }

    /// What `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say, in capitals or not; the small ones win, as in curl.
    /// - Parameter variables: usually those of the process.
    /// - Throws: ``ProxyVariableError`` for one that is no proxy.
    public static func environment(_ variables: [String: String]) throws(ProxyVariableError) -> ProxyConfiguration? {
        func value(_ name: String) -> String? {
            for name in [name.lowercased(), name] {
                if let value = variables[name], !value.isEmpty { return value }
            }
            return nil
        }
        func proxy(_ name: String) throws(ProxyVariableError) -> Proxy? {
            guard let text = value(name) else { return nil }
            guard let proxy = Proxy(text) else { throw ProxyVariableError(name: name) }
            return proxy
        }
        let all = try proxy("ALL_PROXY")
        let plain = try proxy("HTTP_PROXY") ?? all
        let secure = try proxy("HTTPS_PROXY") ?? all
        guard plain != nil || secure != nil else { return nil }
        let exceptions = (value("NO_PROXY") ?? "").split { $0 == "," || $0 == " " }.map(String.init)
        return ProxyConfiguration(plain: plain, secure: secure, exceptions: exceptions)
    }

    /// - Returns: nil if the server is connected to directly.
    package func proxy(for url: WebSocketURL) -> Proxy? {
        guard !self.exceptions.contains(where: { ProxyConfiguration.matches($0.lowercased(), url) }) else { return nil }
        return url.isSecure ? self.secure : self.plain
    }

    private static func matches(_ exception: String, _ url: WebSocketURL) -> Bool {
        if exception == "*" { return true }
        var name = exception[...]
        if let endpoint = Endpoint(authority: name), let port = endpoint.port {
            guard port == url.port else { return false }
            name = endpoint.host[...]
        } else if let endpoint = Endpoint(authority: name) {
            name = endpoint.host[...]
        }
        if name.utf8.first == UInt8(ascii: ".") { name.removeFirst() }
        guard !name.isEmpty else { return false }
        return url.host == name || url.host.hasSuffix("." + name)
    }
}

/// A variable of the environment does not name a proxy. Its value is not shown: it may hold a password.
public struct ProxyVariableError: Error, Sendable, CustomStringConvertible {
    public let name: String

    public var description: String {
        "\(self.name) is no proxy: write http://host:port, https://host:port or socks5://host:port"
    }
}
