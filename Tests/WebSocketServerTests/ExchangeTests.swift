import HTTPTypes
import NIOCore
import NIOPosix
import Testing
import WebSocketServer

/// Requests that are answered by callback, below a path.
@Suite(.timeLimit(.minutes(1))) struct ExchangeTests {
    private static func get(_ path: String, _ fields: String...) -> String {
        (["GET \(path) HTTP/1.1", "Host: localhost"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
    }

    @Test("A route of its own path comes first, then the longest prefix; the query plays no part")
    func precedence() async throws {
        try await TestServer.run(routes: { server in
            server.http("/a/b/exact") { _ in ServerResponse(text: "exact") }
            server.exchanges(below: "/a/") { $0.respond(ServerResponse(text: "short")) }
            server.exchanges(below: "/a/b/") { $0.respond(ServerResponse(text: "long")) }
            server.otherwise { _ in ServerResponse(text: "other") }
        }) { server in
            let socket = try await RawSocket.connect(to: server.port)
            let wanted = [
                ("/a/", "short"), ("/a/?x=/a/b/", "short"), ("/a/x/y", "short"), ("/a/b/", "long"),
                ("/a/b/c?q", "long"), ("/a/b/exact", "exact"), ("/a/b/exact/x", "long"), ("/a", "other"),
                ("/A/", "other"),
            ]
            for (path, answer) in wanted {
                try await socket.send(Self.get(path))
                #expect(try await socket.takeResponse().body == answer, "\(path)")
            }
        }
    }

    @Test("An answer may come later and from elsewhere; a second one is ignored, and the connection goes on")
    func later() async throws {
        let exchanges = Mailbox<HTTPExchange>()
        try await TestServer.run(routes: { $0.exchanges(below: "/") { exchanges.put($0) } }) { server in
            let socket = try await RawSocket.connect(to: server.port)
            for round in 1...2 {
                try await socket.send(Self.get("/\(round)"))
                let exchange = try await exchanges.take()
                #expect(exchange.request.path == "/\(round)")
                #expect(!exchange.isWebSocketRequest)
                exchange.respond(ServerResponse(text: "first \(round)"))
                exchange.respond(ServerResponse(text: "second \(round)"))
                #expect(try await socket.takeResponse().body == "first \(round)")
            }
        }
    }

    @Test("The body comes when it is whole; an answer before that closes the connection")
    func body() async throws {
        let bodies = Mailbox<String>()
        try await TestServer.run(routes: { server in
            server.exchanges(below: "/take/") { exchange in
                exchange.onBody { body in
                    bodies.put(String(buffer: body))
                    exchange.respond(ServerResponse(text: "taken"))
                }
            }
            server.exchanges(below: "/refuse/") { exchange in
                exchange.onBody { bodies.put(String(buffer: $0)) }
                exchange.respond(ServerResponse(status: .forbidden, text: "no"))
            }
        }) { server in
            let socket = try await RawSocket.connect(to: server.port)
            try await socket.send("POST /take/ HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello")
            try await socket.send("world")
            #expect(try await socket.takeResponse().body == "taken")
            #expect(try await bodies.take() == "helloworld")
            try await socket.send("POST /take/ HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
            #expect(try await socket.takeResponse().body == "taken")
            #expect(try await bodies.take() == "")
            try await socket.send(
                "POST /refuse/ HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n")
            let refused = try await socket.takeResponse()
            #expect(refused.head.hasPrefix("HTTP/1.1 403 "))
            #expect(refused.head.lowercased().contains("connection: close\r\n"))
        }
    }

    @Test("What ends an exchange without an answer is told: the client, the length of the body, time")
    func aborts() async throws {
        let causes = Mailbox<HTTPExchange.AbortCause>()
        var limits = ExchangeConfiguration()
        limits.maximumBodyByteCount = 5
        limits.responseTimeout = .milliseconds(50)
        try await TestServer.run(
            configure: { $0.http.requestTimeout = .seconds(5) },
            routes: { [limits] server in
                server.exchanges(below: "/limits/", configuration: limits) { $0.onAbort { causes.put($0) } }
                server.exchanges(below: "/") { $0.onAbort { causes.put($0) } }
            }
        ) { server in
            let long = try await RawSocket.connect(to: server.port)
            try await long.send("POST /limits/ HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabcdef")
            #expect(try await long.takeResponse().head.hasPrefix("HTTP/1.1 413 "))
            #expect(try await causes.take() == .bodyTooLarge)
            let slow = try await RawSocket.connect(to: server.port)
            try await slow.send("POST /limits/ HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na")
            #expect(try await slow.takeResponse().head.hasPrefix("HTTP/1.1 408 "))
            #expect(try await causes.take() == .timedOut)
            let unanswered = try await RawSocket.connect(to: server.port)
            try await unanswered.send(Self.get("/limits/"))
            #expect(try await unanswered.takeResponse().head.hasPrefix("HTTP/1.1 503 "))
            #expect(try await causes.take() == .timedOut)
            let gone = try await RawSocket.connect(to: server.port)
            try await gone.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            gone.close()
            #expect(try await causes.take() == .disconnected)
        }
    }

    @Test("A WebSocket is accepted with what was learned from its request, without a task")
    func accept() async throws {
        try await TestServer.run(routes: { server in
            server.exchanges(below: "/") { exchange in
                let name = exchange.request.query ?? ""
                guard exchange.isWebSocketRequest, name != "nobody" else {
                    return exchange.respond(ServerResponse(status: .notFound, text: "nothing"))
                }
                exchange.accept(headerFields: [.cacheControl: "no-store"]) { connection in
                    connection.sendNow(WebSocketMessage("hello \(name)"))
                    connection.onMessage { connection, message in connection.sendNow(message) }
                }
            }
        }) { server in
            let socket = try await RawSocket.connect(to: server.port)
            try await socket.send(RawSocket.handshake(path: "/x?nobody"))
            #expect(try await socket.takeResponse().body == "nothing")
            try await socket.send(Self.get("/x"))
            #expect(try await socket.takeResponse().body == "nothing")
            try await socket.send(RawSocket.handshake(path: "/x?you"))
            let head = try await socket.takeHead()
            #expect(head.hasPrefix("HTTP/1.1 101 "))
            #expect(head.lowercased().contains("cache-control: no-store\r\n"))
            #expect(try await socket.takeFrame() == .text("hello you"))
            try await socket.send(RawFrame.text("echo").masked())
            #expect(try await socket.takeFrame() == .text("echo"))
        }
    }

    @Test("A page of another origin gets no WebSocket; for other requests the route is told")
    func origins() async throws {
        var open = ExchangeConfiguration()
        open.originPolicy = .dangerouslyAllowAnyOrigin
        try await TestServer.run(routes: { [open] server in
            let serve: @Sendable (HTTPExchange) -> Void = { exchange in
                exchange.respond(ServerResponse(text: exchange.isFromAllowedOrigin ? "friend" : "stranger"))
            }
            server.exchanges(below: "/own/", serve: serve)
            server.exchanges(below: "/open/", configuration: open, serve: serve)
        }) { server in
            let socket = try await RawSocket.connect(to: server.port)
            let wanted = [
                ("/own/", "http://localhost", "friend"), ("/own/", "http://elsewhere.example", "stranger"),
                ("/own/", "null", "stranger"), ("/open/", "http://elsewhere.example", "friend"),
            ]
            for (path, origin, answer) in wanted {
                try await socket.send(Self.get(path, "Origin: \(origin)"))
                #expect(try await socket.takeResponse().body == answer, "\(path) \(origin)")
            }
            try await socket.send(RawSocket.handshake(path: "/own/", fields: ["Origin: http://elsewhere.example"]))
            #expect(try await socket.takeResponse().head.hasPrefix("HTTP/1.1 403 "))
            try await socket.send(RawSocket.handshake(path: "/open/", fields: ["Origin: http://elsewhere.example"]))
            #expect(try await socket.takeResponse().body == "friend")
        }
    }

    @Test("At shutdown the route is told on every event loop, in time to answer what waits")
    func shutdown() async throws {
        let waiting = Mailbox<HTTPExchange>()
        let loops = Mailbox<ObjectIdentifier>()
        let socket = try await TestServer.run(routes: { server in
            server.exchanges(
                below: "/", onShutdown: { loops.put(ObjectIdentifier($0)) },
                serve: { exchange in
                    exchange.onAbort { cause in Issue.record("aborted: \(cause)") }
                    waiting.put(exchange)
                })
        }) { server in
            let socket = try await RawSocket.connect(to: server.port)
            try await socket.send(Self.get("/"))
            let exchange = try await waiting.take()
            Task {
                _ = try await loops.take()
                exchange.respond(ServerResponse(text: "goodbye"))
            }
            return socket
        }
        let response = try await socket.takeResponse()
        #expect(response.body == "goodbye")
        #expect(response.head.lowercased().contains("connection: close\r\n"))
    }
}
