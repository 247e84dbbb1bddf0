import NIOCore
import Testing
import WebSocketClient
import WebSocketServer

@Suite("Time and connections that one peer may take", .timeLimit(.minutes(1)))
struct ServerDeadlineTests {
    @Test("A connection that says nothing is closed", .requirement(71))
    func silent() async throws {
        try await TestServer.run {
            $0.http.requestTimeout = .milliseconds(200)
        } _: { server in
            let socket = try await RawSocket.connect(to: server.port)
            #expect(try await socket.takeRest().isEmpty)
        }
    }

    @Test("A head that comes drop by drop does not move its deadline", .requirement(71))
    func slowHead() async throws {
        try await TestServer.run {
            $0.http.requestTimeout = .milliseconds(300)
        } _: { server in
            let socket = try await RawSocket.connect(to: server.port)
            let dripping = Task {
                for byte in RawSocket.handshake(fields: (0..<20).map { "X-\($0): y" }).utf8 {
                    try await socket.send([byte])
                    try await Task.sleep(for: .milliseconds(10))
                }
            }
            let rest = try await socket.takeRest()
            #expect(String(decoding: rest, as: UTF8.self).hasPrefix("HTTP/1.1 101") == false)
            dripping.cancel()
            _ = await dripping.result
        }
    }

    @Test("A body that does not come is a 408 (RFC 9110 §15.5.9)", .requirement(71))
    func slowBody() async throws {
        try await TestServer.run {
            $0.http.requestTimeout = .milliseconds(3000)
        } routes: { server in
            server.otherwise { _ in ServerResponse() }
        } _: { server in
            let socket = try await RawSocket.connect(to: server.port)
            try await socket.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n1")
            #expect(try await socket.takeResponse().head.hasPrefix("HTTP/1.1 408 "))
            #expect(try await socket.takeRest().isEmpty)
        }
    }

    @Test("A response that takes too long is a 503", .requirement(71))
    func slowResponse() async throws {
        let gate = Gate()
        try await TestServer.run {
            $0.http.responseTimeout = .milliseconds(200)
        } routes: { server in
            server.otherwise { _ in
                await gate.wait()
                return ServerResponse()
            }
        } _: { server in
            let socket = try await RawSocket.connect(to: server.port)
            try await socket.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await socket.takeResponse().head.hasPrefix("HTTP/1.1 503 "))
            #expect(try await socket.takeRest().isEmpty)
            gate.open()
        }
    }

    @Test("Class 7: slow-loris. A message that stops in the middle of a frame fails with 1008", .requirement(187, 293))
    func class07MidFrame() async throws {
        try await TestServer.run {
            $0.connection.messageTimeout = .milliseconds(300)
        } _: { server in
            let socket = try await RawSocket.open(server.port)
            try await socket.send(Array(RawFrame.text("half of it").masked().bytes.dropLast(5)))
            #expect(try await socket.takeFrame() == .close(1008, "message not complete in time"))
            #expect(try await socket.takeRest().isEmpty)
        }
    }

    @Test("A kept-alive connection without requests is closed", .requirement(71))
    func idle() async throws {
        try await TestServer.run {
            $0.http.idleTimeout = .milliseconds(200)
        } routes: { server in
            server.otherwise { _ in ServerResponse(text: "x") }
        } _: { server in
            let socket = try await RawSocket.connect(to: server.port)
            try await socket.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await socket.takeResponse().body == "x")
            #expect(try await socket.takeRest().isEmpty)
        }
    }

    @Test("An open WebSocket is not subject to the deadlines of HTTP", .requirement(71))
    func openConnection() async throws {
        try await TestServer.run {
            $0.http.requestTimeout = .milliseconds(1500)
            $0.http.idleTimeout = .milliseconds(100)
        } _: { server in
            try await TestServer.client().withConnection(to: server.url()) { connection in
                try await Task.sleep(for: .milliseconds(1800))
                try await connection.send("still here")
                for try await message in connection.messages {
                    #expect(message.text == "still here")
                    break
                }
            }
        }
    }

    @Test("Connections over the quota are closed at once; a place that is left can be taken", .requirement(292))
    func quota() async throws {
        try await TestServer.run {
            $0.maximumConnectionCount = 2
        } _: { server in
            let first = try await RawSocket.open(server.port)
            let second = try await RawSocket.open(server.port)
            let third = try await RawSocket.connect(to: server.port)
            #expect(try await third.takeRest().isEmpty)
            try await first.send(RawFrame.close(1000).masked())
            #expect(try await first.takeFrame() == .close(1000))
            #expect(try await first.takeRest().isEmpty)
            first.close()
            // The server counts the place as free once it has seen the end.
            var isAdmitted = false
            for _ in 0..<200 where !isAdmitted {
                do {
                    let fourth = try await RawSocket.open(server.port)
                    isAdmitted = true
                    fourth.close()
                } catch {
                    try await Task.sleep(for: .milliseconds(10))
                }
            }
            #expect(isAdmitted)
            second.close()
        }
    }
}
