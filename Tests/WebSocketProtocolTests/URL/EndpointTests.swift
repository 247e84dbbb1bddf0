import Testing
import WebSocketProtocol

@Suite("Host and port (RFC 3986 §3.2)")
struct EndpointTests {
    @Test("Host and port are read; the host loses its case", .requirement(1))
    func valid() throws {
        let cases: [(text: String, host: String, port: Int?, isIPv6: Bool)] = [
            ("example.com", "example.com", nil, false),
            ("Example.COM:8080", "example.com", 8080, false),
            ("localhost:0", "localhost", 0, false),
            ("a:65535", "a", 65535, false),
            ("a:00080", "a", 80, false),
            ("a_b-c.d", "a_b-c.d", nil, false),
            ("127.0.0.1:80", "127.0.0.1", 80, false),
            ("example.com:", "example.com", nil, false),
            ("[::1]", "::1", nil, true),
            ("[::1]:9001", "::1", 9001, true),
            ("[2001:DB8::7334]", "2001:db8::7334", nil, true),
            ("[::ffff:192.0.2.1]:443", "::ffff:192.0.2.1", 443, true),
            ("[::1]:", "::1", nil, true),
        ]
        for (text, host, port, isIPv6) in cases {
            let endpoint = try #require(Endpoint(authority: text[...]), "\(text)")
            #expect(endpoint.host == host && endpoint.port == port && endpoint.isIPv6Literal == isIPv6, "\(text)")
            #expect(endpoint.bracketedHost == (isIPv6 ? "[\(host)]" : host))
        }
    }

    @Test(
        "Anything else is refused",
        .requirement(5, 22),
        arguments: [
            "", ":", ":80", "a:x", "a:-1", "a:+1", "a:65536", "a:99999", "a:123456", "a:80:80", "a: 80", "a:80 ",
            "user@a",
            "user:pw@a", "a b", "a\tb", "a\r\nX: y", "a\u{0}b", "a/b", "a?b", "a#b", "a\\b", "a%20b", "exämple.com",
            "\u{212A}elvin", "a\u{301}", "[::1", "::1", "[]", "[example.com]", "[1234]", "[::1]80", "[::1]x:80",
            "[::g]",
            "[::1%eth0]", "[::1%25eth0]", "[v1.a:b]", "[[::1]]", "a]", "[::1]:65536", "*.example.com", "a,b", "a:８０",
        ]
    )
    func invalid(text: String) {
        #expect(Endpoint(authority: text[...]) == nil)
    }

    @Test("Every single byte as a host: letters, digits, dot, hyphen and underscore only", .requirement(22))
    func hostBytes() {
        for byte in UInt8(0)..<0x80 {
            let text = "a" + String(Unicode.Scalar(byte)) + "b"
            let character = Character(Unicode.Scalar(byte))
            // A colon begins a port, and "b" is none.
            let isHost = character.isLetter || character.isNumber || "-._".contains(character)
            #expect((Endpoint(authority: text[...]) != nil) == isHost, "\(byte)")
        }
    }
}
