internal import NIOCore
internal import NIOSSL
internal import WebSocketNIO

/// Whether a certificate is for the host that a URL names (RFC 9525 §6).
///
/// NIOSSL compares a certificate's addresses with the address at the other end of the connection, which may be a proxy's, and
/// takes one that fits for an answer even where a name was asked for. Here a name is looked for among the names, and an
/// address among the addresses.
enum ServerIdentity {
    /// - Parameter host: of the URL; IPv6 without brackets.
    static func isShown(by certificate: NIOSSLCertificate, host: String) -> Bool {
        let address = try? SocketAddress(ipAddress: host, port: 0)
        return certificate._subjectAlternativeNames().contains { name in
            if let address {
                return name.nameType == .ipAddress && address.addressBytes == Array(name.contents)
            }
            return name.nameType == .dnsName && self.matches(Array(host.utf8), pattern: Array(name.contents))
        }
    }

    static func matches(_ host: String, pattern: String) -> Bool {
        self.matches(Array(host.utf8), pattern: Array(pattern.utf8))
    }

    /// Capitals don't matter, and neither does the dot of the root. An asterisk stands for one whole label, the first (§6.3).
    private static func matches(_ host: [UInt8], pattern: [UInt8]) -> Bool {
        let host = self.labels(host)
        let pattern = self.labels(pattern)
        guard host.count == pattern.count else { return false }
        if pattern.first == [UInt8(ascii: "*")], pattern.count > 1 {
            return host.dropFirst() == pattern.dropFirst() && host.first?.isEmpty == false
        }
        return host == pattern
    }

    /// In small letters: of ASCII, since others have small letters that are ASCII.
    private static func labels(_ name: [UInt8]) -> [[UInt8]] {
        var labels = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { label in
            label.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
        }
        if labels.last == [] { labels.removeLast() }
        return labels
    }
}
