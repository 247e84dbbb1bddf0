import HTTPTypes
import NIOCore
import Testing
import WebSocketServer

@Suite("HTTP beside WebSocket on one port", .timeLimit(.minutes(1)))
struct HTTPTests {
    private func serve(
        _ configure: (inout ServerConfiguration) -> Void = { _ in },
        _ body: (RawSocket) async throws -> Void
    ) async throws {
        try await TestServer.run(configure: configure) { server in
            server.echo()
            server.http("/hello") { _ in ServerResponse(text: "hello") }
            server.http("/echo") { request in ServerResponse(body: request.body) }
            server.http("/throw") { _ in throw CancellationError() }
            server.http("/query") { request in ServerResponse(text: "\(request.path) \(request.query ?? "-")") }
            server.http("/cookies") { request in
                ServerResponse(text: request.cookies.map { "\($0)=\($1)" }.sorted().joined(separator: "&"))
            }
        } _: { server in
            let socket = try await RawSocket.connect(to: server.port)
            try await body(socket)
            socket.close()
        }
    }

    @Test("Requests one after the other on one connection, then a WebSocket (RFC 9112 §9.3)", .requirement(91))
    func keepAlive() async throws {
        try await self.serve { socket in
            for _ in 0..<3 {
                try await socket.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
                let response = try await socket.takeResponse()
                #expect(response.head.hasPrefix("HTTP/1.1 200 "))
                #expect(response.body == "hello")
            }
            try await socket.send(RawSocket.handshake())
            #expect(try await socket.takeHead().hasPrefix("HTTP/1.1 101 "))
            try await socket.send(RawFrame.ping([1]).masked())
            #expect(try await socket.takeFrame() == .pong([1]))
        }
    }

    @Test("Pipelined requests are answered in order, an upgrade at their end too (RFC 9112 §9.3.2)", .requirement(91))
    func pipelining() async throws {
        try await self.serve { socket in
            let bodies = (0..<10).map { "body \($0)" }
            let requests = bodies.map {
                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: \($0.utf8.count)\r\n\r\n\($0)"
            }
            let frame = RawFrame.text("behind").masked().bytes
            try await socket.send(Array((requests.joined() + RawSocket.handshake()).utf8) + frame)
            for body in bodies { #expect(try await socket.takeResponse().body == body) }
            #expect(try await socket.takeHead().hasPrefix("HTTP/1.1 101 "))
            #expect(try await socket.takeFrame() == .text("behind"))
        }
    }

    @Test("A request byte by byte is a request (RFC 9112)", .requirement(148))
    func byteByByte() async throws {
        try await self.serve { socket in
            for byte in RawSocket.handshake().utf8 { try await socket.send([byte]) }
            #expect(try await socket.takeHead().hasPrefix("HTTP/1.1 101 "))
        }
    }

    @Test("HEAD has the length but no body (RFC 9110 §9.3.2)")
    func head() async throws {
        try await self.serve { socket in
            try await socket.send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
            let head = try await socket.takeResponse(hasBody: false).head
            #expect(head.lowercased().contains("content-length: 5\r\n"))
            #expect(try await socket.takeResponse().body == "hello")
        }
    }

    @Test("Connection: close and HTTP/1.0 are answered and closed (RFC 9112 §9.6)")
    func close() async throws {
        for request in ["GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "GET /hello HTTP/1.0\r\n\r\n"] {
            try await self.serve { socket in
                try await socket.send(request)
                #expect(try await socket.takeResponse().body == "hello")
                #expect(try await socket.takeRest().isEmpty)
            }
        }
    }

    @Test("Path, query and cookies as they came (RFC 9110 §4.2)", .requirement(67))
    func targets() async throws {
        try await self.serve { socket in
            for (target, expected) in [
                ("/query?a=b?c", "/query a=b?c"), ("/query", "/query -"), ("/query?", "/query "),
                ("http://x/query?y", "/query y"),
            ] {
                try await socket.send("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try await socket.takeResponse().body == expected)
            }
            try await socket.send("GET /cookies HTTP/1.1\r\nHost: x\r\nCookie: a=1; b=2;a=3\r\nCookie: c=\r\n\r\n")
            #expect(try await socket.takeResponse().body == "a=1&b=2&c=")
        }
    }

    @Test("Unknown paths are 404, WebSocket paths 426 with Upgrade (RFC 9110 §15.5.22)", .requirement(78, 79, 80, 274))
    func unknown() async throws {
        try await self.serve { socket in
            try await socket.send("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await socket.takeResponse().head.hasPrefix("HTTP/1.1 404 "))
            try await socket.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            let required = try await socket.takeResponse().head.lowercased()
            #expect(required.hasPrefix("http/1.1 426 "))
            #expect(required.contains("upgrade: websocket\r\n"))
            #expect(required.contains("sec-websocket-version: 13\r\n"))
        }
    }

    @Test("A handler that throws is a 500, and the connection goes on")
    func throwing() async throws {
        try await self.serve { socket in
            try await socket.send("GET /throw HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await socket.takeResponse().head.hasPrefix("HTTP/1.1 500 "))
            try await socket.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await socket.takeResponse().body == "hello")
        }
    }

    @Test("100-continue is answered before the body is sent (RFC 9110 §10.1.1)", .requirement(272))
    func expect100() async throws {
        try await self.serve { socket in
            try await socket.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
            #expect(try await socket.takeHead().hasPrefix("HTTP/1.1 100 "))
            try await socket.send("body")
            #expect(try await socket.takeResponse().body == "body")
        }
    }

    @Test("A body over the limit is a 413, announced or chunked (RFC 9110 §15.5.14)", .requirement(70, 187))
    func bodyLimit() async throws {
        let chunked =
            "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "8\r\n12345678\r\n8\r\n12345678\r\n"
        let announced = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n12345678901"
        for request in [chunked, announced] {
            try await self.serve {
                $0.http.maximumBodyByteCount = 10
            } _: { socket in
                try await socket.send(request)
                #expect(try await socket.takeResponse().head.hasPrefix("HTTP/1.1 413 "))
                #expect(try await socket.takeRest().isEmpty)
            }
        }
        try await self.serve {
            $0.http.maximumBodyByteCount = 10
        } _: { socket in
            try await socket.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n1234567890")
            #expect(try await socket.takeResponse().body == "1234567890")
        }
    }

    @Test(
        "Class 6: header count. A head over the limit is a 431: one long field, many fields, many bytes (RFC 6585 §5)",
        .requirement(71, 187))
    func headLimit() async throws {
        let many = (0..<200).map { "X-\($0): y\r\n" }.joined()
        let long = "X: \(String(repeating: "y", count: 5000))\r\n"
        let sum = (0..<50).map { "X-\($0): \(String(repeating: "y", count: 90))\r\n" }.joined()
        for fields in [many, long, sum] {
            try await self.serve {
                $0.http.maximumHeadByteCount = 4096
            } _: { socket in
                try await socket.send("GET /hello HTTP/1.1\r\nHost: x\r\n\(fields)\r\n")
                #expect(try await socket.takeResponse().head.hasPrefix("HTTP/1.1 431 "))
                #expect(try await socket.takeRest().isEmpty)
            }
        }
    }

    @Test("A head without end is refused when the limit is reached, not when it ends (§10.4)", .requirement(71, 187))
    func endlessHead() async throws {
        try await self.serve {
            $0.http.maximumHeadByteCount = 4096
        } _: { socket in
            try await socket.send("GET /hello HTTP/1.1\r\nHost: x\r\nX: ")
            try await socket.send([UInt8](repeating: 0x79, count: 8192))
            #expect(try await socket.takeResponse().head.hasPrefix("HTTP/1.1 431 "))
        }
    }

    @Test(
        "What is not HTTP is a 400 (RFC 9112 §2.2)", .requirement(58, 72, 277),
        arguments: [
            "GARBAGE\r\n\r\n", "GET /hello HTTP/1.1\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
            "GET /hello HTTP/1.1\r\nHost: x y\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n",
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ])
    func notHTTP(request: String) async throws {
        try await self.serve { socket in
            try await socket.send(request)
            #expect(try await socket.takeResponse().head.hasPrefix("HTTP/1.1 400 "))
            #expect(try await socket.takeRest().isEmpty)
        }
    }
}
