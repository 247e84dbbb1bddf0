/// A host and an optional port, as they stand in the authority of a URL, in `Host` and in `Origin` (RFC 3986 §3.2).
public struct Endpoint: Sendable, Hashable {
    /// Lower case; an IPv6 literal without its brackets.
    public let host: String
    public let port: Int?
    public let isIPv6Literal: Bool

    /// As in a URL: an IPv6 literal has its brackets.
    public var bracketedHost: String { self.isIPv6Literal ? "[\(self.host)]" : self.host }

    /// Parses `host`, `host:port` or `[v6]:port`.
    /// - Returns: nil for anything else, user information included, and for hosts that are not ASCII.
    public init?(authority: Substring) {
        let bytes = Array(authority.utf8)
        let hostBytes: ArraySlice<UInt8>
        let portBytes: ArraySlice<UInt8>?
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            hostBytes = bytes[1..<end]
            let rest = bytes[(end + 1)...]
            guard rest.isEmpty || rest.first == UInt8(ascii: ":") else { return nil }
            portBytes = rest.isEmpty ? nil : rest.dropFirst()
            guard hostBytes.contains(UInt8(ascii: ":")), hostBytes.allSatisfy(\.isIPv6LiteralByte) else { return nil }
            self.isIPv6Literal = true
        } else {
            let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
            hostBytes = bytes[..<(colon ?? bytes.endIndex)]
            portBytes = colon.map { bytes[($0 + 1)...] }
            guard !hostBytes.isEmpty, hostBytes.allSatisfy(\.isRegisteredNameByte) else { return nil }
            self.isIPv6Literal = false
        }
        if let portBytes, !portBytes.isEmpty {
            guard portBytes.count <= 5, portBytes.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            let port = portBytes.reduce(0) { $0 * 10 + Int($1 - 0x30) }
            guard port <= 65535 else { return nil }
            self.port = port
        } else {
            self.port = nil
        }
        self.host = String(decoding: hostBytes.map(\.asciiLowercased), as: UTF8.self)
    }
}

extension UInt8 {
    /// Hexadecimal digits, colons, and the dots of an embedded IPv4 address.
    fileprivate var isIPv6LiteralByte: Bool {
        switch self {
        case 0x30...0x3A, UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// Letters, digits, `-`, `.` and `_`: what names that resolve are made of.
    fileprivate var isRegisteredNameByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 0x30...0x39,
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
