import HTTPTypes
import NIOCore
import Testing

@testable import WebSocketServer

@Suite("What proxies in front say", .timeLimit(.minutes(1)))
struct TrustedProxyTests {
    private func client(
        _ fields: HTTPFields, from address: String, trusted: [String],
        by field: TrustedProxies.RequestField = .xForwardedFor
    ) throws -> (String?, Bool) {
        let peer = PeerInformation(address: try SocketAddress(ipAddress: address, port: 1), isSecure: false)
        var proxies = TrustedProxies(trusted)
        proxies.requestField = field
        let found = proxies.client(of: fields, from: peer)
        return (found.address?.ipAddress, found.isSecure)
    }

    private func fields(_ pairs: KeyValuePairs<String, String>) throws -> HTTPFields {
        var fields = HTTPFields()
        for (name, value) in pairs { fields[try #require(HTTPField.Name(name))] = value }
        return fields
    }

    @Test("The fields of a stranger change nothing; those of a trusted proxy name the client")
    func fields() throws {
        let fields = try self.fields(["x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https"])
        #expect(try self.client(fields, from: "192.0.2.1", trusted: []) == ("192.0.2.1", false))
        #expect(try self.client(fields, from: "192.0.2.1", trusted: ["10.0.0.0/8"]) == ("192.0.2.1", false))
        #expect(try self.client(fields, from: "192.0.2.1", trusted: ["192.0.2.0/24"]) == ("198.51.100.7", true))
        #expect(try self.client(fields, from: "::ffff:192.0.2.1", trusted: ["192.0.2.0/24"]) == ("198.51.100.7", true))
        #expect(try self.client([:], from: "192.0.2.1", trusted: ["192.0.2.1"]) == ("192.0.2.1", false))
    }

    @Test("Of several hops the last that no trusted proxy has is the client: what it wrote itself does not count")
    func hops() throws {
        let chain = try self.fields(["x-forwarded-for": "6.6.6.6, 198.51.100.7, 10.0.0.5"])
        #expect(try self.client(chain, from: "10.0.0.1", trusted: ["10.0.0.0/8"]) == ("198.51.100.7", false))
        let standard = try self.fields([
            "forwarded": #"for=6.6.6.6, for="[2001:db8::17]:4711";proto=https, for=10.0.0.5;proto=http"#,
            "x-forwarded-for": "7.7.7.7",
        ])
        let trusted = ["10.0.0.0/8"]
        #expect(try self.client(standard, from: "10.0.0.1", trusted: trusted, by: .forwarded) == ("2001:db8::17", true))
        let hidden = try self.fields(["forwarded": "for=6.6.6.6, for=_hidden"])
        #expect(try self.client(hidden, from: "10.0.0.1", trusted: trusted, by: .forwarded) == ("10.0.0.1", false))
    }

    @Test("A field that the proxies do not write may be the client's own, and counts for nothing")
    func otherField() throws {
        let trusted = ["10.0.0.0/8"]
        let both = try self.fields(["forwarded": "for=6.6.6.6;proto=https", "x-forwarded-for": "198.51.100.7"])
        #expect(try self.client(both, from: "10.0.0.1", trusted: trusted) == ("198.51.100.7", false))
        #expect(try self.client(both, from: "10.0.0.1", trusted: trusted, by: .forwarded) == ("6.6.6.6", true))
        let foreign = try self.fields(["forwarded": "for=6.6.6.6;proto=https"])
        #expect(try self.client(foreign, from: "10.0.0.1", trusted: trusted) == ("10.0.0.1", false))
        let other = try self.fields(["x-forwarded-for": "6.6.6.6", "x-forwarded-proto": "https"])
        #expect(try self.client(other, from: "10.0.0.1", trusted: trusted, by: .forwarded) == ("10.0.0.1", false))
    }

    @Test("Networks", arguments: ["10.0.0.0/33", "::1/129", "10.0.0.0/-1", "10/8", "a", "", "10.0.0.0/8/8"])
    func invalidNetworks(text: String) {
        #expect(!TrustedProxies.isValid(text))
    }
}
