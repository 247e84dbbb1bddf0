package import HTTPTypes

/// What one proxy says of who connected to it: `X-Forwarded-For` and `X-Forwarded-Proto`, or `Forwarded` (RFC 7239).
package struct ForwardedHop: Sendable, Hashable {
    /// An address, with or without port and brackets, or a name that hides one (RFC 7239 §6). Without quotes and white space.
    package private(set) var node: String?
    /// Nil if nothing is said of the scheme.
    package private(set) var isSecure: Bool?

    /// In the order that the request passed the proxies.
    package static func forwarded(_ fields: HTTPFields) -> [ForwardedHop] {
        guard let name = HTTPField.Name("forwarded") else { return [] }
        return fields[values: name].flatMap { $0.split(separator: ",") }.map(ForwardedHop.init(element:))
    }

    /// In the order that the request passed the proxies.
    package static func xForwardedFor(_ fields: HTTPFields) -> [ForwardedHop] {
        guard let name = HTTPField.Name("x-forwarded-for"), let scheme = HTTPField.Name("x-forwarded-proto") else {
            return []
        }
        let schemes = fields[values: scheme].flatMap { $0.split(separator: ",") }
        let hops = fields[values: name].flatMap { $0.split(separator: ",") }
        return hops.enumerated().map { index, text in
            // Proxies that say the scheme say it once, or once each.
            let said = schemes.count == hops.count ? schemes[index] : index == hops.count - 1 ? schemes.last : nil
            return ForwardedHop(node: ForwardedHop.bare(text), isSecure: said.map { ForwardedHop.isSecure($0) })
        }
    }

    private init(node: String?, isSecure: Bool?) {
        self.node = node
        self.isSecure = isSecure
    }

    /// `for=192.0.2.60;proto=https;by=…`
    private init(element: Substring) {
        for pair in element.split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            switch ForwardedHop.bare(parts[0]).lowercased() {
            case "for": self.node = ForwardedHop.bare(parts[1])
            case "proto": self.isSecure = ForwardedHop.isSecure(parts[1])
            default: break
            }
        }
    }

    private static func isSecure(_ text: Substring) -> Bool {
        ["https", "wss"].contains(self.bare(text).lowercased())
    }

    private static func bare(_ text: Substring) -> String {
        text.filter { $0 != " " && $0 != "\t" && $0 != "\"" }
    }
}
