internal import Foundation

/// What a server says in the first packet of a session (Engine.IO protocol v4, "Handshake").
struct SessionParameters: Decodable, Sendable {
    let sid: String
    let upgrades: [String]
    /// In milliseconds.
    let pingInterval: Int
    /// In milliseconds.
    let pingTimeout: Int
    let maxPayload: Int?

    init(_ json: String) throws(EngineIOClientError) {
        do {
            self = try JSONDecoder().decode(SessionParameters.self, from: Data(json.utf8))
        } catch {
            throw EngineIOClientError(
                .invalidResponse,
                "the server's first packet is not that of a session: \(json.prefix(200).debugDescription)",
                underlying: error)
        }
        // It becomes part of URLs.
        guard !self.sid.isEmpty, self.sid.utf8.allSatisfy({ $0.isUnreserved }), self.pingInterval > 0,
            self.pingTimeout > 0
        else {
            throw EngineIOClientError(
                .invalidResponse, "the server's session can't be used: \(json.prefix(200).debugDescription)")
        }
    }

    /// How long the server may be silent.
    var maximumSilence: Duration {
        .milliseconds(min(self.pingInterval, 86_400_000)) + .milliseconds(min(self.pingTimeout, 86_400_000))
    }
}

extension UInt8 {
    /// Means itself in every part of a URL (RFC 3986 §2.3).
    fileprivate var isUnreserved: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
