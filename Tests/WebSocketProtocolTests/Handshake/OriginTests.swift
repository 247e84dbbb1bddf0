import Testing
import WebSocketProtocol

@Suite("Origin (RFC 6454)")
struct OriginTests {
    @Test("Scheme and host lose their case, the scheme's default port goes", .requirement(77))
    func canonical() {
        let cases: [(text: String, serialized: String)] = [
            ("https://example.com", "https://example.com"),
            ("HTTPS://Example.COM", "https://example.com"),
            ("https://example.com:443", "https://example.com"),
            ("http://example.com:80", "http://example.com"),
            ("http://example.com:443", "http://example.com:443"),
            ("https://example.com:80", "https://example.com:80"),
            ("https://example.com:8443", "https://example.com:8443"),
            ("https://example.com:0443", "https://example.com"),
            ("https://example.com:", "https://example.com"),
            ("ws://example.com:80", "ws://example.com"),
            ("wss://example.com:443", "wss://example.com"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://[FE80::A]", "http://[fe80::a]"),
            ("http://127.0.0.1", "http://127.0.0.1"),
            ("chrome-extension://abcdef", "chrome-extension://abcdef"),
            ("capacitor://localhost", "capacitor://localhost"),
        ]
        for (text, serialized) in cases {
            #expect(Origin(text)?.serialized == serialized, "\(text)")
            #expect(Origin(text)?.description == serialized)
        }
    }

    @Test(
        "Anything but scheme, host and port is no origin",
        .requirement(77),
        arguments: [
            "", "null", "NULL", "example.com", "//example.com", "://example.com", "https:/example.com", "https://",
            "https://example.com/", "https://example.com/path", "https://example.com?q", "https://example.com#f",
            "https://user@example.com", "https://a:b@example.com", "https://example.com:x",
            "https://example.com:65536", "https://exa mple.com", "https://example.com ", " https://example.com",
            "https://example.com\r\nX: y", "https://exämple.com", "https://a.com, https://b.com",
            "https://a.com https://b.com",
            "https://[::1", "https://::1", "1http://example.com", "https\u{0}://example.com", "ht\ntp://example.com",
            "ht tp://example.com", "h\u{E9}://example.com", "k\u{212A}://example.com", "https://*.example.com", "*",
            "https://example.com\\@evil.com", "https://example.com%2eevil.com", "file:///etc/passwd", "file://",
        ]
    )
    func malformed(text: String) {
        #expect(Origin(text) == nil)
    }

    @Test("The server's own origin comes from the request's authority", .requirement(76))
    func own() {
        #expect(Origin(authority: "Example.com", isSecure: false)?.serialized == "http://example.com")
        #expect(Origin(authority: "example.com:443", isSecure: true)?.serialized == "https://example.com")
        #expect(Origin(authority: "[::1]:9000", isSecure: false)?.serialized == "http://[::1]:9000")
        #expect(Origin(authority: "user@example.com", isSecure: true) == nil)
        #expect(Origin(authority: "", isSecure: true) == nil)
    }
}

@Suite("Origin policy (§10.2)")
struct OriginPolicyTests {
    private func own() throws -> Origin { try #require(Origin("https://example.com")) }

    @Test("Same origin: scheme, host and port must all be equal", .requirement(75, 76, 77, 183))
    func sameOrigin() throws {
        let own = try self.own()
        let policy = OriginPolicy.sameOrigin
        for origin in ["https://example.com", "https://example.com:443", "HTTPS://EXAMPLE.com"] {
            #expect(policy.allows(origin, own: own), "\(origin)")
        }
        for origin in [
            "http://example.com", "https://example.com:8443", "https://www.example.com", "https://evil-example.com",
            "https://example.com.evil.net", "https://example.co", "https://xexample.com", "wss://example.com", "null",
            "",
            "https://example.com/", "https://example.com, https://example.com", "https://example.com.",
        ] {
            #expect(!policy.allows(origin, own: own), "\(origin)")
        }
    }

    @Test("Without a known own origin no page is let through")
    func unknownOwn() {
        #expect(!OriginPolicy.sameOrigin.allows("https://example.com", own: nil))
        #expect(!OriginPolicy.sameOrigin.allows("null", own: nil))
    }

    @Test("A list allows exactly its members, by port and without suffixes", .requirement(76, 77))
    func list() throws {
        let policy = OriginPolicy.allow([
            try #require(Origin("https://app.example.com")), try #require(Origin("http://localhost:3000")),
        ])
        let own = try self.own()
        #expect(policy.allows("https://app.example.com", own: own))
        #expect(policy.allows("https://APP.example.com:443", own: nil))
        #expect(policy.allows("http://localhost:3000", own: own))
        for origin in [
            "https://example.com", "http://app.example.com", "http://localhost", "http://localhost:3001", "null", "",
            "https://evil.app.example.com", "https://app.example.com.evil.net",
        ] {
            #expect(!policy.allows(origin, own: own), "\(origin)")
        }
        #expect(!OriginPolicy.allow([]).allows("https://example.com", own: own))
    }

    @Test("A request without Origin does not come from a page", .requirement(66))
    func noOrigin() throws {
        for policy in [OriginPolicy.sameOrigin, .allow([]), .dangerouslyAllowAnyOrigin] {
            #expect(policy.allows(nil, own: try self.own()))
            #expect(policy.allows(nil, own: nil))
        }
    }

    @Test("Any origin means any, null included")
    func any() {
        for origin in ["https://evil.net", "null", "", "garbage"] {
            #expect(OriginPolicy.dangerouslyAllowAnyOrigin.allows(origin, own: nil))
        }
    }
}
