import Testing
import WebSocketProtocol

@Suite("WebSocket URL (§3)")
struct WebSocketURLTests {
    @Test("The scheme decides about TLS and the default port; http and https are aliases", .requirement(1, 4, 8))
    func schemes() throws {
        let cases: [(text: String, isSecure: Bool, port: Int)] = [
            ("ws://example.com", false, 80), ("wss://example.com", true, 443), ("http://example.com", false, 80),
            ("https://example.com", true, 443), ("WSS://Example.com", true, 443), ("Ws://example.com", false, 80),
            ("ws://example.com:443", false, 443), ("wss://example.com:80", true, 80), ("ws://example.com:", false, 80),
            ("wss://example.com:65535", true, 65535),
        ]
        for (text, isSecure, port) in cases {
            let url = try WebSocketURL(text)
            #expect(url.isSecure == isSecure && url.port == port && url.host == "example.com", "\(text)")
        }
    }

    @Test("Path and query make the resource name, / if there is no path", .requirement(3, 7))
    func resourceNames() throws {
        let cases: [(text: String, resourceName: String)] = [
            ("ws://a", "/"), ("ws://a/", "/"), ("ws://a/chat", "/chat"), ("ws://a/chat?room=1", "/chat?room=1"),
            ("ws://a?room=1", "/?room=1"), ("ws://a/?", "/?"), ("ws://a//b", "//b"), ("ws://a/b?c?d/e", "/b?c?d/e"),
            ("ws://a/%23", "/%23"), ("ws://a/%C3%A9", "/%C3%A9"), ("ws://a/é", "/%C3%A9"),
            ("ws://a/日?本", "/%E6%97%A5?%E6%9C%AC"), ("ws://a/🐦", "/%F0%9F%90%A6"), ("ws://a/a@b:c", "/a@b:c"),
            ("ws://a?http://b@c", "/?http://b@c"), ("ws://a/e\u{301}", "/e%CC%81"), ("ws://a/\u{301}", "/%CC%81"),
        ]
        for (text, resourceName) in cases {
            #expect(try WebSocketURL(text).resourceName == resourceName, "\(text)")
        }
    }

    @Test("Host names the port only where it is not the default, and brackets IPv6", .requirement(26))
    func hostHeaders() throws {
        let cases: [(text: String, host: String)] = [
            ("ws://Example.com/", "example.com"), ("ws://example.com:80", "example.com"),
            ("wss://example.com:443", "example.com"), ("ws://example.com:443", "example.com:443"),
            ("wss://example.com:80", "example.com:80"), ("ws://example.com:8080", "example.com:8080"),
            ("ws://[::1]", "[::1]"), ("ws://[::1]:9001/x", "[::1]:9001"), ("wss://[2001:DB8::1]:443", "[2001:db8::1]"),
        ]
        for (text, host) in cases {
            #expect(try WebSocketURL(text).hostHeader == host, "\(text)")
        }
        #expect(try WebSocketURL("ws://[::1]:9001").host == "::1")
        #expect(try WebSocketURL("ws://[::1]:9001").isIPv6Literal)
    }

    @Test("User and password are percent-decoded and never described", .requirement(37))
    func userInformation() throws {
        let cases: [(text: String, userInformation: String?)] = [
            ("ws://a", nil), ("ws://user@a", "user"), ("ws://user:pw@a", "user:pw"), ("ws://user:@a", "user:"),
            ("ws://u%40b:p%3Aw@a", "u@b:p:w"), ("ws://a@b@c", "a@b"), ("ws://%C3%A9@a", "é"), ("ws://a/b@c", nil),
            ("ws://%e2%82%AC@a", "€"),
        ]
        for (text, userInformation) in cases {
            let url = try WebSocketURL(text)
            #expect(url.userInformation == userInformation, "\(text)")
        }
        #expect(try WebSocketURL("wss://user:secret@host:444/p?q").description == "wss://host:444/p?q")
        #expect(try WebSocketURL("https://host:443").description == "wss://host/")
    }

    struct Bad: Sendable {
        var text: String
        var error: WebSocketURLError
        init(_ text: String, _ error: WebSocketURLError) { (self.text, self.error) = (text, error) }
    }

    @Test(
        "A wrong URL is refused with the part that is wrong",
        .requirement(2, 5, 6),
        arguments: [
            Bad("", .noScheme), Bad("example.com", .noScheme), Bad("/chat", .noScheme), Bad("ws:/a", .noScheme),
            Bad("ws:a", .noScheme), Bad("//a", .noScheme),
            Bad("ftp://a", .unsupportedScheme("ftp")), Bad("://a", .unsupportedScheme("")),
            Bad(" ws://a", .unsupportedScheme(" ws")), Bad("wss\u{0}://a", .unsupportedScheme("wss\u{0}")),
            Bad("ws2://a", .unsupportedScheme("ws2")), Bad("w\u{17F}://a", .unsupportedScheme("w\u{17F}")),
            Bad("ws://a/b#c", .fragment), Bad("ws://a#", .fragment), Bad("ws://a/?b#c", .fragment),
            Bad("ws://u#@a", .fragment),
            Bad("ws://%@a", .userInformation), Bad("ws://%4@a", .userInformation), Bad("ws://%zz@a", .userInformation),
            Bad("ws://%+a@a", .userInformation), Bad("ws://%-0@a", .userInformation),
            Bad("ws://%0D%0A@a", .userInformation),
            Bad("ws://%00@a", .userInformation), Bad("ws://%FF@a", .userInformation),
            Bad("ws://%7F@a", .userInformation),
            Bad("ws://u\r\n@a", .userInformation),
            Bad("ws://exämple.com", .hostNotASCII("exämple.com")), Bad("ws://日本:80", .hostNotASCII("日本:80")),
            Bad("ws://", .invalidHost("")), Bad("ws:///chat", .invalidHost("")), Bad("ws://:80", .invalidHost(":80")),
            Bad("ws://?a", .invalidHost("")), Bad("ws://a:b", .invalidHost("a:b")),
            Bad("ws://a:0", .invalidHost("a:0")),
            Bad("ws://a:65536", .invalidHost("a:65536")), Bad("ws://a b", .invalidHost("a b")),
            Bad("ws://a\r\nX: y", .invalidHost("a\r\nX: y")), Bad("ws://a\u{0}", .invalidHost("a\u{0}")),
            Bad("ws://[::1", .invalidHost("[::1")), Bad("ws://::1", .invalidHost("::1")),
            Bad("ws://a%2eb", .invalidHost("a%2eb")),
            Bad("ws://a\\b", .invalidHost("a\\b")), Bad("ws://user@", .invalidHost("")),
        ]
    )
    func errors(bad: Bad) {
        #expect(throws: bad.error) { try WebSocketURL(bad.text) }
        #expect(!bad.error.description.isEmpty)
        #expect(bad.error.description.utf8.allSatisfy { $0 >= 0x20 })
    }

    @Test("No control character and no space reaches the request line, in path or query", .requirement(5, 22))
    func controlCharacters() {
        for byte in (UInt8(0)...0x20).map({ $0 }) + [0x7F] {
            let character = String(Unicode.Scalar(byte))
            for text in [
                "ws://a/b\(character)c", "ws://a/?b\(character)c", "ws://a/\(character)", "ws://a/b\(character)",
            ] {
                #expect(throws: WebSocketURLError.controlCharacterOrSpace) { try WebSocketURL(text) }
            }
        }
        #expect(throws: WebSocketURLError.controlCharacterOrSpace) { try WebSocketURL("ws://a/ HTTP/1.1\r\nX: y") }
    }

    @Test("Whatever a URL holds, what comes out is visible ASCII", .requirement(7, 22))
    func alwaysSafe() throws {
        for scalar in (0x80..<0x3000).compactMap(Unicode.Scalar.init) {
            let url = try WebSocketURL("ws://a/\(scalar)?\(scalar)")
            #expect(url.resourceName.utf8.allSatisfy { (0x21...0x7E).contains($0) })
        }
    }

    @Test(
        "ws+unix: the path of a socket, and behind the first colon the resource, as the ws of Node has it",
        .requirement(297))
    func unixSockets() throws {
        let cases: [(text: String, path: String, resourceName: String, isSecure: Bool)] = [
            ("ws+unix:///run/a.sock", "/run/a.sock", "/", false),
            ("ws+unix:///run/a.sock:", "/run/a.sock", "/", false),
            ("WS+UNIX:///run/a.sock:/chat?x=1:2", "/run/a.sock", "/chat?x=1:2", false),
            ("wss+unix:///a%3Ab%20c:/", "/a:b c", "/", true),
        ]
        for (text, path, resourceName, isSecure) in cases {
            let url = try WebSocketURL(text)
            #expect(url.unixSocketPath == path && url.resourceName == resourceName, "\(text)")
            #expect(url.isSecure == isSecure && url.hostHeader == "localhost" && url.userInformation == nil, "\(text)")
        }
        for text in ["ws+unix://", "ws+unix://run/a.sock", "ws+unix://:/x", "ws+unix:///a%00b:/", "ws+unix:///a%zz"] {
            #expect(throws: WebSocketURLError.self, "\(text)") { try WebSocketURL(text) }
        }
        #expect(try WebSocketURL("ws://a/b").unixSocketPath == nil)
    }

    @Test(
        "A redirection is resolved as RFC 3986 §5.2 says",
        .requirement(55),
        arguments: [
            ("wss://b.example/x?y", "wss://b.example/x?y"), ("https://b.example", "wss://b.example/"),
            ("//b.example:81/x", "ws://b.example:81/x"), ("/x/../y?q", "ws://a.example:80/y?q"),
            ("next", "ws://a.example:80/d/next"), ("../next#fragment", "ws://a.example:80/next"),
            ("?z=1", "ws://a.example:80/d/e?z=1"), ("", "ws://a.example:80/d/e?f"), ("./", "ws://a.example:80/d/"),
            ("../../..", "ws://a.example:80/"),
        ])
    func resolving(reference: String, target: String) throws {
        let base = try WebSocketURL("ws://a.example:80/d/e?f")
        #expect(try base.resolving(reference) == WebSocketURL(target))
    }
}
