import HTTPTypes
import NIOCore
import Testing
import WebSocketClient
import WebSocketProtocol
import WebSocketServer

@Suite("Whose a request is, and how many of one address there may be", .timeLimit(.minutes(1)))
struct ForwardedClientTests {
    /// Tells each client whom it is taken for, in the response and in a message.
    private func serve(
        trusting networks: [String], by field: TrustedProxies.RequestField = .xForwardedFor,
        _ configure: (inout ServerConfiguration) -> Void = { _ in },
        _ body: (TestServer) async throws -> Void
    ) async throws {
        @Sendable func words(_ address: SocketAddress?, _ isSecure: Bool, _ request: HTTPRequest) -> String {
            "\(address?.ipAddress ?? "nobody") \(isSecure) \(request.scheme ?? "no scheme")"
        }
        try await TestServer.run {
            $0.trustedProxies = TrustedProxies(networks)
            $0.trustedProxies.requestField = field
            configure(&$0)
        } routes: { server in
            server.webSocket("/") { request in
                .accept(headerFields: [.server: words(request.remoteAddress, request.isSecure, request.head)])
            } handler: { connection in
                let handshake = connection.handshake
                try await connection.send(words(handshake.remoteAddress, handshake.isSecure, handshake.request))
                for try await _ in connection.messages {}
            }
        } _: { server in
            try await body(server)
        }
    }

    private func client(_ versions: HTTPVersions, _ fields: HTTPFields) -> WebSocketClient {
        TestServer.client {
            $0.httpVersions = versions
            $0.headerFields = fields
        }
    }

    private func fields(_ pairs: KeyValuePairs<String, String>) throws -> HTTPFields {
        var fields = HTTPFields()
        for (name, value) in pairs { fields[try #require(HTTPField.Name(name))] = value }
        return fields
    }

    private func seen(_ client: WebSocketClient, _ server: TestServer) async throws -> [String?] {
        try await client.withConnection(to: server.url()) { connection in
            for try await message in connection.messages {
                return [connection.handshake.response?.headerFields[.server], message.text]
            }
            return []
        }
    }

    @Test(
        "The application sees the client that a trusted proxy names, and nobody else's words",
        arguments: [HTTPVersions.http1, .http2])
    func applications(versions: HTTPVersions) async throws {
        let both = try self.fields([
            "x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https",
            "forwarded": "for=203.0.113.9;proto=https",
        ])
        let (direct, named) = ("127.0.0.1 false http", "198.51.100.7 true https")
        for (networks, field, expected) in [
            ([], .xForwardedFor, direct), (["192.0.2.0/24"], .xForwardedFor, direct),
            (["127.0.0.1"], .xForwardedFor, named), (["127.0.0.1"], .forwarded, "203.0.113.9 true https"),
        ] as [([String], TrustedProxies.RequestField, String)] {
            try await self.serve(trusting: networks, by: field) { server in
                let withFields = try await self.seen(self.client(versions, both), server)
                #expect(withFields == [expected, expected])
                let without = try await self.seen(self.client(versions, [:]), server)
                #expect(without == [direct, direct])
            }
        }
    }

    @Test(
        "Where a trusted proxy ends TLS, our own pages come from https:, and those from http: are foreign",
        .requirement(76, 77), arguments: [HTTPVersions.http1, .http2])
    func origins(versions: HTTPVersions) async throws {
        for (networks, allowed) in [([], "http"), (["127.0.0.1"], "https")] {
            try await self.serve(trusting: networks) { server in
                for scheme in ["http", "https"] {
                    let fields = try self.fields([
                        "x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https",
                        "origin": "\(scheme)://\(server.host):\(server.port)",
                    ])
                    if scheme == allowed {
                        let seen = try await self.seen(self.client(versions, fields), server)
                        #expect(seen.count == 2)
                    } else {
                        let error = await #expect(throws: ConnectError.self) {
                            try await self.client(versions, fields).connect(to: server.url())
                        }
                        #expect(error?.response?.status == .forbidden)
                    }
                }
            }
        }
    }

    @Test(
        "The WebSockets of one address are counted behind a trusted proxy, too; one too many is refused",
        .requirement(292), arguments: [HTTPVersions.http1, .http2])
    func quota(versions: HTTPVersions) async throws {
        try await self.serve(trusting: ["127.0.0.1"]) {
            $0.maximumConnectionCountPerAddress = 2
        } _: { server in
            let client = self.client(versions, try self.fields(["x-forwarded-for": "198.51.100.7"]))
            let first = try await client.connect(to: server.url())
            let second = try await client.connect(to: server.url())
            let error = await #expect(throws: ConnectError.self) { try await client.connect(to: server.url()) }
            #expect(error?.response?.status == .serviceUnavailable)
            let other = self.client(versions, try self.fields(["x-forwarded-for": "198.51.100.8"]))
            for client in [other, other, self.client(versions, [:])] {
                _ = try await client.connect(to: server.url())
            }
            _ = try await first.close()
            // The place is free once the server has seen the end.
            while (try? await client.connect(to: server.url())) == nil { try Task.checkCancellation() }
            _ = try await second.close()
        }
    }

    @Test("WebSockets that share a connection of HTTP/2 count for the total", .requirement(257, 292))
    func streams() async throws {
        try await self.serve(trusting: []) {
            $0.maximumConnectionCount = 3
        } _: { server in
            let client = self.client(.http2, [:])
            for _ in 0..<2 { _ = try await client.connect(to: server.url()) }
            let error = await #expect(throws: ConnectError.self) { try await client.connect(to: server.url()) }
            #expect(error?.response?.status == .serviceUnavailable)
        }
    }

    @Test("The PROXY protocol says whose a connection is; words that are no address close it")
    func proxyProtocol() async throws {
        try await self.serve(trusting: ["127.0.0.1"]) {
            $0.trustedProxies.sendProxyProtocol = true
        } _: { server in
            for (header, expected) in [
                ("PROXY TCP4 198.51.100.7 10.0.0.1 12345 80", "198.51.100.7 false http"),
                ("PROXY UNKNOWN", "127.0.0.1 false http"),
            ] {
                let socket = try await RawSocket.connect(to: server.port)
                try await socket.send("\(header)\r\n" + RawSocket.handshake(path: "/"))
                #expect(try await socket.takeHead().hasPrefix("HTTP/1.1 101 "))
                #expect(try await socket.takeFrame() == .text(expected))
                socket.close()
            }
            let socket = try await RawSocket.connect(to: server.port)
            try await socket.send("PROXY TCP4 x y 1 2\r\n" + RawSocket.handshake(path: "/"))
            #expect(try await socket.takeRest().isEmpty)
        }
    }
}
