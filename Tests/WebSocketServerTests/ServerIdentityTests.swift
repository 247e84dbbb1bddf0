import NIOSSL
import Testing
import WebSocketServer

@testable import WebSocketClient

@Suite("Whom a certificate is for (RFC 9525, RFC 9110 §4.3.4)", .timeLimit(.minutes(1)))
struct ServerIdentityTests {
    /// Connects to a server whose certificate is trusted, by a name or an address that leads to 127.0.0.1.
    private func connect(_ host: String, _ certificate: TestCertificate) async throws {
        try await TestServer.run {
            $0.tls = try certificate.server()
        } _: { server in
            let client = try TestServer.client {
                $0.tls = try certificate.client()
                $0.resolve = ["\(host):\(server.port)": ["127.0.0.1"]]
            }
            let literal = host.contains(":") ? "[\(host)]" : host
            try await client.withConnection(to: "wss://\(literal):\(server.port)/") { _ in }
        }
    }

    @Test(
        "An address is looked for among the certificate's addresses, wherever the connection leads", .requirement(19),
        arguments: ["203.0.113.5", "2001:db8::5"])
    func address(host: String) async throws {
        try await self.connect(host, .documentation)
    }

    @Test(
        "Class 16: host name. A certificate for the address at the other end is not one for the host that was asked for",
        .requirement(19), arguments: ["203.0.113.5", "2001:db8::5", "www.victim.example"])
    func addressAtTheOtherEnd(host: String) async throws {
        // It is for 127.0.0.1, where a proxy, or whoever lies about names, could be.
        let error = await #expect(throws: ConnectError.self) { try await self.connect(host, .localhost) }
        #expect(error?.reason == .tls)
        #expect(error?.message.contains(host) == true)
    }

    @Test("A name is looked for among the certificate's names", .requirement(19))
    func name() async throws {
        try await self.connect("www.wild.example", .documentation)
        let error = await #expect(throws: ConnectError.self) { try await self.connect("wild.example", .documentation) }
        #expect(error?.reason == .tls)
    }

    @Test("Whoever turns off the check of the host gets what he asks for", .requirement(19))
    func unchecked() async throws {
        try await TestServer.run {
            $0.tls = try TestCertificate.other.server()
        } _: { server in
            let client = try TestServer.client {
                $0.tls = try TestCertificate.other.client()
                $0.tls.certificateVerification = .noHostnameVerification
            }
            try await client.withConnection(to: server.url(scheme: "wss")) { _ in }
        }
    }

    @Test("An asterisk is one label, the first and whole (§6.3)", .requirement(19))
    func patterns() {
        for (host, pattern) in [
            ("a.example", "a.example"), ("a.example", "A.Example."), ("a.example.", "a.example"),
            ("a.b.example", "*.b.example"),
        ] {
            #expect(ServerIdentity.matches(host, pattern: pattern), "\(host) \(pattern)")
        }
        for (host, pattern) in [
            ("b.example", "*.b.example"), ("a.a.b.example", "*.b.example"), ("ab.example", "a*.example"),
            ("a.b.example", "a.*.example"),
            ("example", "*"), (".b.example", "*.b.example"), ("a.example", "a.example\0.b"), ("a.example", ""),
            ("", "a.example"), ("kelvin.example", "\u{212A}elvin.example"),
        ] {
            #expect(!ServerIdentity.matches(host, pattern: pattern), "\(host) \(pattern)")
        }
    }
}
