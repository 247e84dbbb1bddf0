/// Where a page comes from: scheme, host and port (RFC 6454 §6.1), in one canonical spelling.
public struct Origin: Sendable, Hashable, CustomStringConvertible {
    /// `scheme://host` or `scheme://host:port`, lower case, without the scheme's default port.
    public let serialized: String

    /// Parses the serialization of an origin.
    /// - Returns: nil for `null` and for anything that has more or less than scheme, host and port.
    public init?(_ text: String) {
        guard let separator = text.firstRange(of: "://") else { return nil }
        // Checked as bytes before the case is folded: the Kelvin sign would fold to the letter k.
        guard text[..<separator.lowerBound].isURLScheme,
            let endpoint = Endpoint(authority: text[separator.upperBound...])
        else { return nil }
        let scheme = text[..<separator.lowerBound].lowercased()
        self.init(scheme: scheme, endpoint: endpoint)
    }

    /// The origin of the page that a request's own server would serve.
    /// - Parameters:
    ///   - authority: the value of `Host` or `:authority`.
    ///   - isSecure: true if the request came over TLS.
    public init?(authority: String, isSecure: Bool) {
        guard let endpoint = Endpoint(authority: authority[...]) else { return nil }
        self.init(scheme: isSecure ? "https" : "http", endpoint: endpoint)
    }

    private init(scheme: String, endpoint: Endpoint) {
        let defaultPort =
            switch scheme {
            case "http", "ws": 80
            case "https", "wss": 443
            default: -1
            }
        let port = endpoint.port.flatMap { $0 == defaultPort ? nil : ":\($0)" } ?? ""
        self.serialized = "\(scheme)://\(endpoint.bracketedHost)\(port)"
    }

    public var description: String { self.serialized }
}

/// Which pages may open a connection: the defence against cross-site WebSocket hijacking (RFC 6455 §10.2).
///
/// A browser always sends `Origin`; a request without it does not come from a page and is let through.
public struct OriginPolicy: Sendable, Hashable {
    private enum Rule: Sendable, Hashable {
        case sameOrigin
        case list(Set<Origin>)
        case any
    }

    private let rule: Rule

    /// Only pages that this server itself would have served: same scheme, host and port as the request. The default.
    ///
    /// Behind a proxy that ends TLS the server sees `http` where the page has `https`: name the page's origin with
    /// ``allow(_:)`` instead.
    public static let sameOrigin = OriginPolicy(rule: .sameOrigin)

    /// Exactly these origins, compared by scheme, host and port; no suffixes, no wildcards, never `null`.
    public static func allow(_ origins: Set<Origin>) -> OriginPolicy {
        OriginPolicy(rule: .list(origins))
    }

    /// Any page of the web may connect *with the user's cookies*. Only for servers that need no authority of the user.
    public static let dangerouslyAllowAnyOrigin = OriginPolicy(rule: .any)

    /// - Parameters:
    ///   - origin: the value of `Origin`, or nil if there is none.
    ///   - own: the origin of the request itself, or nil if it can't be told.
    public func allows(_ origin: String?, own: Origin?) -> Bool {
        guard let origin else { return true }
        switch self.rule {
        case .any:
            return true
        case .sameOrigin:
            guard let own, let parsed = Origin(origin) else { return false }
            return parsed == own
        case .list(let origins):
            guard let parsed = Origin(origin) else { return false }
            return origins.contains(parsed)
        }
    }
}

extension Substring {
    /// A letter, then letters, digits, `+`, `-` and `.` (RFC 3986 §3.1).
    fileprivate var isURLScheme: Bool {
        func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }
        guard let first = self.utf8.first, isLetter(first) else { return false }
        return self.utf8.allSatisfy { byte in
            isLetter(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: ".")
        }
    }
}
