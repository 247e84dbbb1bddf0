import HTTPTypes
import NIOCore
import Testing
import WebSocketClient
import WebSocketServer

@Suite("Our server and our client against each other", .timeLimit(.minutes(1)))
struct EchoTests {
    @Test(
        "Text and binary come back as they were, from tasks and from callbacks (§6)", .requirement(142, 146),
        arguments: ["/", "/callbacks"])
    func echo(path: String) async throws {
        try await TestServer.run { server in
            try await TestServer.client().withConnection(to: server.url(path)) { connection in
                let messages: [WebSocketMessage] = [
                    WebSocketMessage("Hello"), WebSocketMessage(""), WebSocketMessage("grüß 👋"),
                    WebSocketMessage([UInt8](0...255)), WebSocketMessage([UInt8]()),
                    WebSocketMessage(String(repeating: "x", count: 70_000)),
                ]
                for message in messages { try await connection.send(message) }
                var received: [WebSocketMessage] = []
                for try await message in connection.messages {
                    received.append(message)
                    if received.count == messages.count { break }
                }
                #expect(received == messages)
            }
        }
    }

    @Test("1 MiB messages go both ways (§5.2)", .requirement(101, 148), arguments: ["/", "/callbacks"])
    func large(path: String) async throws {
        try await TestServer.run { server in
            try await TestServer.client().withConnection(to: server.url(path)) { connection in
                let payload = ByteBuffer(bytes: (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) })
                for _ in 0..<4 {
                    try await connection.send(payload)
                    for try await message in connection.messages {
                        #expect(message.bytes == payload)
                        break
                    }
                }
            }
        }
    }

    @Test("A message of one byte over the limit closes with 1009 on both sides (§10.4)", .requirement(119, 188))
    func overTheLimit() async throws {
        try await TestServer.run { server in
            let connection = try await TestServer.client().connect(to: server.url())
            try? await connection.send([UInt8](repeating: 0, count: 1 << 20 | 1))
            let outcome = await connection.closed
            #expect(outcome.code == .messageTooBig)
            #expect(outcome.reason == "message too big" || outcome.reason == "frame too big")
        }
    }

    @Test(
        "Many tasks send at once: every message arrives whole, once, in its task's order (§5.4)", .requirement(115),
        arguments: ["/", "/callbacks"])
    func concurrentSenders(path: String) async throws {
        let taskCount = 16
        let messageCount = 200
        try await TestServer.run { server in
            let connection = try await TestServer.client().connect(to: server.url(path))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<taskCount {
                    group.addTask {
                        for number in 0..<messageCount {
                            if number % 50 == 0 {
                                try await connection.stream(.text) { writer in
                                    try await writer.write("\(task) ")
                                    await Task.yield()
                                    try await writer.write("\(number)")
                                }
                            } else {
                                try await connection.send("\(task) \(number)")
                            }
                        }
                    }
                }
                var next = [Int](repeating: 0, count: taskCount)
                var count = 0
                for try await message in connection.messages {
                    let parts = try #require(message.text).split(separator: " ").compactMap { Int($0) }
                    try #require(parts.count == 2)
                    #expect(next[parts[0]] == parts[1])
                    next[parts[0]] = parts[1] + 1
                    count += 1
                    if count == taskCount * messageCount { break }
                }
                #expect(next.allSatisfy { $0 == messageCount })
                try await group.waitForAll()
            }
            let outcome = try await connection.close()
            #expect(outcome.wasClean, "\(outcome)")
        }
    }

    @Test("ping() measures the way there and back, of both sides (§5.5.2)", .requirement(130, 290))
    func ping() async throws {
        let measured = Mailbox<Duration>()
        try await TestServer.run { _ in
        } routes: { server in
            server.webSocket("/") { connection in
                measured.put(try await connection.ping())
                for try await _ in connection.messages {}
            }
        } _: { server in
            try await TestServer.client().withConnection(to: server.url()) { connection in
                let roundTrip = try await connection.ping()
                #expect(roundTrip > .zero && roundTrip < .seconds(10))
                #expect(try await measured.take() > .zero)
            }
        }
    }

    @Test("IPv6 literals (§3)", .requirement(26))
    func ipv6() async throws {
        try await TestServer.run {
            $0.host = "::1"
        } _: { server in
            #expect(server.url().hasPrefix("ws://[::1]:"))
            try await TestServer.client().withConnection(to: server.url()) { connection in
                #expect(connection.handshake.request.authority == "[::1]:\(server.port)")
                try await connection.send("six")
                for try await message in connection.messages {
                    #expect(message.text == "six")
                    break
                }
            }
        }
    }

    @Test(
        "Frames that come in one segment with the handshake, and bytes of a half frame, are not lost (§4.2.2)",
        .requirement(53, 89, 148))
    func framesBehindHandshake() async throws {
        try await TestServer.run { server in
            let frames = RawFrame.text("early").masked().bytes + RawFrame.text("bird").masked().bytes
            for cut in [0, 1, 6, 11, frames.count - 1, frames.count] {
                let socket = try await RawSocket.connect(to: server.port)
                try await socket.send(Array(RawSocket.handshake().utf8) + frames[..<cut])
                #expect(try await socket.takeHead().hasPrefix("HTTP/1.1 101 "))
                try await socket.send(Array(frames[cut...]))
                #expect(try await socket.takeFrame() == .text("early"))
                #expect(try await socket.takeFrame() == .text("bird"))
                socket.close()
            }
        }
    }

    @Test("What a server sends at once may share a segment with its 101 (§4.2.2)", .requirement(53, 90))
    func greeting() async throws {
        try await TestServer.run { _ in
        } routes: { server in
            server.webSocket("/") { connection in
                try await connection.send("welcome")
                for try await _ in connection.messages {}
            }
        } _: { server in
            for _ in 0..<20 {
                try await TestServer.client().withConnection(to: server.url()) { connection in
                    for try await message in connection.messages {
                        #expect(message.text == "welcome")
                        break
                    }
                }
            }
        }
    }

    @Test("A task that is cancelled stops iterating, on and off the event loop, also if it was cancelled before")
    func cancelledIteration() async throws {
        try await TestServer.run { server in
            let connection = try await TestServer.client().connect(to: server.url())
            for delay in 0..<200 {
                let task = Task {
                    for _ in 0..<delay % 20 { await Task.yield() }
                    for try await _ in connection.messages {}
                }
                if delay % 3 > 0 { for _ in 0..<delay % 7 { await Task.yield() } }
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
            }
            try await connection.send("still works")
            for try await message in connection.messages {
                #expect(message.text == "still works")
                break
            }
            try await connection.close()
        }
    }
}
