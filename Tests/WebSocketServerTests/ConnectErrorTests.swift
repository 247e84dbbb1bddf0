import HTTPTypes
import NIOCore
import NIOPosix
import Testing
import WebSocketClient
import WebSocketServer

@Suite("When no connection comes about (§4.1)", .timeLimit(.minutes(1)))
struct ConnectErrorTests {
    /// Connects to a listener that answers the request in its own way.
    private func connect(
        _ change: (inout ClientConfiguration) -> Void = { _ in },
        answer: (RawSocket, _ head: String) async throws -> Void
    ) async throws -> ConnectError? {
        let client = TestServer.client(change)
        return try await RawListener.run { listener in
            let connecting = Task { try await client.connect(to: "ws://127.0.0.1:\(listener.port)/path") }
            let socket = try await listener.accept()
            try await answer(socket, try await socket.takeHead())
            let error = await #expect(throws: ConnectError.self) { try await connecting.value }
            socket.close()
            return error
        }
    }

    @Test(
        "URLs that can't be connected to (§3)", .requirement(2, 5),
        arguments: ["http", "ftp://x/", "ws://", "ws://x/#f", "ws://x y/", "ws://x:99999/"])
    func urls(url: String) async throws {
        let error = await #expect(throws: ConnectError.self) { try await TestServer.client().connect(to: url) }
        #expect(error?.reason == .invalidURL)
    }

    @Test(
        "What can't be connected to is shown without user and password (RFC 3986 §7.5)",
        arguments: [
            "ws://bird:secret@x:99999/", "ftp://bird:secret@x/", "ws://bird:secret@", "bird:secret@x",
            "ws://bird:sec%zzret@x/",
            "ws://bird:secret@y@x:99999/", "ws://bird:sec/ret@x:99999/", "http://bird:secret@x y/",
        ])
    func userInformation(url: String) async throws {
        let error = await #expect(throws: ConnectError.self) { try await TestServer.client().connect(to: url) }
        #expect(error?.reason == .invalidURL)
        for part in ["bird", "sec", "ret@"] {
            #expect(error?.message.contains(part) == false, "\(error?.message ?? "")")
        }
    }

    @Test("A port where nobody listens (§4.1 step 4)", .requirement(13, 15))
    func refusedPort() async throws {
        let port = try await RawListener.run { $0.port }
        let error = await #expect(throws: ConnectError.self) {
            try await TestServer.client().connect(to: "ws://127.0.0.1:\(port)/")
        }
        #expect(error?.reason == .network)
        #expect(error?.message.contains("\(port)") == true)
    }

    @Test("A name that does not exist (§4.1 step 4)", .requirement(15))
    func unknownName() async throws {
        let error = await #expect(throws: ConnectError.self) {
            try await TestServer.client().connect(to: "ws://name.invalid/")
        }
        #expect(error?.reason == .network)
        #expect(error?.message.contains("name.invalid") == true)
    }

    @Test("A listener whose queue is full: the deadline covers TCP", .requirement(21))
    func timeoutInTCP() async throws {
        try await RawListener.run(acceptsConnections: false) { listener in
            // Connections that the kernel has taken, until it takes no more.
            var sockets: [RawSocket] = []
            for _ in 0..<2 { sockets.append(try await RawSocket.connect(to: listener.port)) }
            let error = await #expect(throws: ConnectError.self) {
                try await TestServer.client { $0.connectTimeout = .milliseconds(400) }
                    .connect(to: "ws://127.0.0.1:\(listener.port)/")
            }
            #expect(error?.reason == .timedOut)
            for socket in sockets { socket.close() }
        }
    }

    @Test(
        "A server that says nothing: the deadline covers TLS and the handshake", .requirement(21),
        arguments: ["wss", "ws"])
    func timeoutAfterTCP(scheme: String) async throws {
        try await RawListener.run { listener in
            let start = ContinuousClock.now
            let error = await #expect(throws: ConnectError.self) {
                try await TestServer.client { $0.connectTimeout = .milliseconds(400) }
                    .connect(to: "\(scheme)://127.0.0.1:\(listener.port)/")
            }
            #expect(error?.reason == .timedOut)
            #expect(ContinuousClock.now - start >= .milliseconds(400))
            let socket = try await listener.accept()
            _ = try await socket.takeRest()
            socket.close()
        }
    }

    @Test("An answer that comes drop by drop does not move the deadline", .requirement(21, 54))
    func slowAnswer() async throws {
        let error = try await self.connect {
            $0.connectTimeout = .milliseconds(400)
        } answer: { socket, _ in
            let dripping = Task {
                try await socket.send("HTTP/1.1 101 Switching Protocols\r\n")
                while !Task.isCancelled {
                    try await socket.send("X: y\r\n")
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            _ = try? await socket.takeRest()
            dripping.cancel()
            _ = await dripping.result
        }
        #expect(error?.reason == .timedOut || error?.reason == .invalidResponse)
    }

    @Test("A refusal whose body never ends is over at the deadline or at the limit", .requirement(21, 54))
    func endlessBody() async throws {
        let cut = try await self.connect {
            $0.maximumRefusalBodyByteCount = 1000
        } answer: { socket, _ in
            try await socket.send(
                "HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFF\r\n" + String(repeating: "x", count: 5000))
        }
        #expect(cut?.reason == .refused)
        #expect(cut?.body.readableBytes == 1000)
        #expect(cut?.isBodyTruncated == true)
    }

    @Test("The server closes before it has answered (§4.1)", .requirement(52))
    func closesEarly() async throws {
        for answer in ["", "HTTP/1.1 101 Switching"] {
            let error = try await self.connect { socket, _ in
                if !answer.isEmpty { try await socket.send(answer) }
                socket.close()
            }
            // What broke off may be whole the next time.
            #expect(error?.reason == .network, "\(answer)")
            #expect(error?.isPermanent == false)
        }
    }

    @Test("The server closes in the middle of the TLS handshake (§4.1)", .requirement(52))
    func closesInTLS() async throws {
        // The beginning of a ServerHello, and nothing at all.
        for beginning: [UInt8] in [[0x16, 3, 3, 0, 0x7A, 2, 0, 0, 0x76, 3, 3], []] {
            try await RawListener.run { listener in
                let connecting = Task { try await TestServer.client().connect(to: "wss://127.0.0.1:\(listener.port)/") }
                let socket = try await listener.accept()
                try await socket.send(beginning)
                try await socket.closeOutput()
                let error = await #expect(throws: ConnectError.self) { try await connecting.value }
                #expect(error?.reason == .network)
                #expect(error?.isPermanent == false)
                socket.close()
            }
        }
    }

    @Test(
        "What is not HTTP (§4.1)", .requirement(52),
        arguments: ["SSH-2.0-OpenSSH_9.6\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n"])
    func notHTTP(answer: String) async throws {
        let error = try await self.connect { socket, _ in try await socket.send(answer) }
        #expect(error?.reason == .invalidResponse)
    }

    @Test("Each broken rule of the response is named (§4.1, §11.3)", .requirement(43, 44, 45, 46, 47, 48, 49))
    func brokenRules() async throws {
        let cases: [(HandshakeFailure, @Sendable (String) -> String)] = [
            (.upgrade, { $0.replacing("Upgrade: websocket", with: "Upgrade: h2c") }),
            (.upgrade, { $0.replacing("Upgrade: websocket\r\n", with: "") }),
            (.connection, { $0.replacing("Connection: Upgrade", with: "Connection: keep-alive") }),
            (.acceptMismatch, { $0.replacing("Sec-WebSocket-Accept: ", with: "Sec-WebSocket-Accept: x") }),
            (.acceptMissing, { $0.replacing("Sec-WebSocket-Accept:", with: "X-Accept:") }),
            (.acceptRepeated, { $0.dropLast() + "Sec-WebSocket-Accept: x\r\n\r\n" }),
            (.extensionNotOffered, { $0.dropLast() + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n" }),
            (.subprotocolNotOffered, { $0.dropLast() + "Sec-WebSocket-Protocol: other\r\n\r\n" }),
            (
                .subprotocolRepeated,
                { $0.dropLast() + "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n\r\n" }
            ),
        ]
        for (failure, spoil) in cases {
            let error = try await self.connect {
                $0.subprotocols = ["a"]
            } answer: { socket, head in
                try await socket.send(spoil(try RawListener.acceptance(of: head)))
            }
            #expect(error?.reason == .invalidResponse, "\(failure)")
            #expect(error?.handshakeFailure == failure)
        }
    }

    @Test("A head over the limits is no answer", .requirement(54))
    func hugeHead() async throws {
        let error = try await self.connect { socket, _ in
            try await socket.send("HTTP/1.1 101 Switching Protocols\r\n" + (0..<2000).map { "X-\($0): y\r\n" }.joined())
        }
        #expect(error?.reason == .invalidResponse)
    }

    @Test("Class 15: credentials in redirects. Redirects are not followed (§4.1)", .requirement(42, 55))
    func redirect() async throws {
        let error = try await self.connect { socket, _ in
            try await socket.send("HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
        }
        #expect(error?.reason == .refused)
        #expect(error?.response?.headerFields[.location] == "ws://127.0.0.1:1/")
    }

    @Test(
        "The request is what §4.1 asks for, and nothing follows it before the answer",
        .requirement(23, 24, 25, 26, 27, 28, 29, 31, 33, 34, 37, 39, 40, 41))
    func request() async throws {
        let heads = Mailbox<String>()
        for _ in 0..<2 {
            _ = try await self.connect {
                $0.subprotocols = ["a", "b"]
                $0.headerFields[.authorization] = "Bearer x"
            } answer: { socket, head in
                heads.put(head)
                try await socket.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                #expect(try await socket.takeRest().isEmpty)
            }
        }
        let head = try await heads.take()
        #expect(head.hasPrefix("GET /path HTTP/1.1\r\n"))
        let lines = head.split(separator: "\r\n").map(String.init)
        for expected in [
            "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: a, b",
            "Authorization: Bearer x",
        ] {
            #expect(lines.filter { $0 == expected }.count == 1, "\(expected)")
        }
        #expect(lines.filter { $0.hasPrefix("Host: 127.0.0.1:") }.count == 1)
        func key(_ head: String) -> Substring? {
            let keys = head.split(separator: "\r\n").filter { $0.hasPrefix("Sec-WebSocket-Key: ") }
            return keys.count == 1 ? keys[0].dropFirst(19) : nil
        }
        #expect(key(head)?.utf8.count == 24)
        #expect(key(head)?.hasSuffix("==") == true)
        #expect(key(head)?.dropLast(2).last.map { "AQgw".contains($0) } == true)
        #expect(key(try await heads.take()) != key(head))
    }

    @Test("Fields of the handshake itself can't be set (§4.1)", .requirement(38))
    func reservedFields() async throws {
        for name in [HTTPField.Name.upgrade, .connection, .secWebSocketKey, .secWebSocketVersion, .contentLength] {
            let client = TestServer.client { $0.headerFields[name] = "x" }
            await #expect(throws: HandshakeArgumentError.self) { try await client.connect(to: "ws://127.0.0.1:1/") }
        }
    }
}
