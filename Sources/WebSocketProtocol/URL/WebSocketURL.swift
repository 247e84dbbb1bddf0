/// A `ws:` or `wss:` URL (RFC 6455 §3), or the `http:`/`https:` alias of one (WHATWG WebSockets §3.1).
///
/// What comes out is safe to put into a request: no part holds a control character, a space or anything non-ASCII.
public struct WebSocketURL: Sendable, Hashable, CustomStringConvertible {
    public let isSecure: Bool
    /// Lower case; an IPv6 literal without its brackets.
    public let host: String
    public let isIPv6Literal: Bool
    public let port: Int
    /// Path and query as they go into the request line, percent-encoded; `/` if the URL has none (§3).
    public let resourceName: String
    /// `user:password` of the URL, percent-decoded, or nil.
    public let userInformation: String?
    /// The socket to connect to instead of host and port: `ws+unix:///run/app.sock:/path` asks for `/path` there, as in the
    /// `ws` of Node.
    public let unixSocketPath: String?

    /// - Throws: ``WebSocketURLError`` that says which part is wrong.
    public init(_ text: String) throws(WebSocketURLError) {
        guard let separator = text.firstRange(of: "://") else { throw .noScheme }
        let rest = text[separator.upperBound...]
        guard !rest.utf8.contains(UInt8(ascii: "#")) else { throw .fragment }
        switch text[..<separator.lowerBound].lowercased() {
        case "ws", "http": self.isSecure = false
        case "wss", "https": self.isSecure = true
        case "ws+unix", "wss+unix":
            let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let path = WebSocketURL.percentDecode(parts[0]), path.hasPrefix("/"), path.utf8.count > 1 else {
                throw .unixSocketPath
            }
            self.isSecure = text.utf8.dropFirst(2).first != UInt8(ascii: "+")
            self.unixSocketPath = path
            self.host = "localhost"
            self.isIPv6Literal = false
            self.port = self.isSecure ? 443 : 80
            self.userInformation = nil
            self.resourceName = try WebSocketURL.resourceName(parts.count > 1 ? parts[1] : "/")
            return
        default: throw .unsupportedScheme(String(text[..<separator.lowerBound]))
        }
        self.unixSocketPath = nil
        let authorityEnd =
            rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        var authority = rest[..<authorityEnd]
        if let at = authority.utf8.lastIndex(of: UInt8(ascii: "@")) {
            guard let decoded = WebSocketURL.percentDecode(authority[..<at]) else { throw .userInformation }
            self.userInformation = decoded
            authority = authority[authority.utf8.index(after: at)...]
        } else {
            self.userInformation = nil
        }
        guard authority.utf8.allSatisfy({ $0 < 0x80 }) else { throw .hostNotASCII(String(authority)) }
        guard let endpoint = Endpoint(authority: authority) else { throw .invalidHost(String(authority)) }
        guard endpoint.port != 0 else { throw .invalidHost(String(authority)) }
        self.host = endpoint.host
        self.isIPv6Literal = endpoint.isIPv6Literal
        self.port = endpoint.port ?? (self.isSecure ? 443 : 80)
        self.resourceName = try WebSocketURL.resourceName(rest[authorityEnd...])
    }

    /// The value of `Host`: the port only where it is not the scheme's default, IPv6 in brackets (§4.1).
    public var hostHeader: String {
        let host = self.isIPv6Literal ? "[\(self.host)]" : self.host
        return self.port == (self.isSecure ? 443 : 80) ? host : "\(host):\(self.port)"
    }

    /// The URL without its user information.
    public var description: String {
        if let path = self.unixSocketPath {
            return "\(self.isSecure ? "wss" : "ws")+unix://\(path):\(self.resourceName)"
        }
        return "\(self.isSecure ? "wss" : "ws")://\(self.hostHeader)\(self.resourceName)"
    }

    /// Path and query; anything non-ASCII is percent-encoded as UTF-8 (§11.1.1).
    private static func resourceName(_ text: Substring) throws(WebSocketURLError) -> String {
        var encoded = text.utf8.first == UInt8(ascii: "/") ? "" : "/"
        for byte in text.utf8 {
            switch byte {
            case 0x00...0x20, 0x7F: throw .controlCharacterOrSpace
            case 0x21...0x7E: encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default: encoded += "%" + WebSocketURL.hexadecimal(byte)
            }
        }
        return encoded
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.utf8.count == 1 ? "0" + digits : digits
    }

    package static func percentDecode(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2
                else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// A URL that no connection can be made to, and why.
public enum WebSocketURLError: Error, Sendable, Hashable, CustomStringConvertible {
    case noScheme
    case unsupportedScheme(String)
    case fragment
    case userInformation
    case hostNotASCII(String)
    case invalidHost(String)
    case controlCharacterOrSpace
    case unixSocketPath

    public var description: String {
        switch self {
        case .noScheme: "the URL has no scheme: write ws://host/path or wss://host/path"
        case .unsupportedScheme(let scheme):
            "scheme \(scheme.debugDescription) is none of ws, wss, http, https, ws+unix and wss+unix"
        case .fragment: "a WebSocket URL has no fragment: write # as %23 (RFC 6455 §3)"
        case .userInformation: "user name and password of the URL are not valid percent-encoded text"
        case .hostNotASCII(let host):
            "host \(host.debugDescription) is not ASCII: write it in its punycode form (xn--…)"
        case .invalidHost(let host): "\(host.debugDescription) is not a host and port"
        case .unixSocketPath: "a URL of a Unix socket is written ws+unix:///path/of/socket:/path"
        case .controlCharacterOrSpace: "the path has a space or a control character: percent-encode it"
        }
    }
}
