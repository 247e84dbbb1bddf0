import EngineIOClient
import EngineIOServer
import HTTPTypes
import NIOCore
import Testing

/// Against a server by hand: what a client sends by polling.
@Suite(.timeLimit(.minutes(1))) struct PostTests {
    private static let open = #"0{"sid":"a","upgrades":[],"pingInterval":600000,"pingTimeout":1000,"maxPayload":100}"#

    /// A server that opens a session, answers no poll before the gate is open, and answers POSTs as it is told.
    private func run(
        first: String = PostTests.open, polls: Gate, post: @escaping @Sendable (String) async -> Void,
        _ body: (String) async throws -> Void
    ) async throws {
        try await TestServer.run(routes: { server in
            server.http("/engine.io/") { request in
                if request.head.method == .post {
                    await post(String(buffer: request.body))
                    return ServerResponse(text: "ok")
                }
                guard request.query?.contains("sid") == true else { return ServerResponse(text: first) }
                await polls.wait()
                return ServerResponse(text: "6")
            }
        }) { server in
            defer { polls.open() }
            try await body(server.url("/engine.io/", scheme: "http"))
        }
    }

    @Test(
        "A POST has 16 packets at most, which is what the server of Python takes, and no more bytes than the server says"
    )
    func packets() async throws {
        let (bodies, gate) = (Mailbox<String>(), Gate())
        try await self.run(polls: Gate()) { body in
            bodies.put(body)
            await gate.wait()
        } _: { url in
            try await EngineServer.client(.pollingOnly).withSession(to: url) { session in
                try await session.send("0")
                #expect(try await bodies.take() == "40")
                // The rest waits behind the first.
                for number in 1..<60 { try await session.send("\(number)") }
                try await session.send(together: (60..<100).map { WebSocketMessage("\($0)") })
                try await session.send(String(repeating: "x", count: 80))
                gate.open()
                var messages: [String] = []
                while messages.count < 100 {
                    let body = try await bodies.take()
                    let packets = body.split(separator: "\u{1E}")
                    #expect(packets.count <= 16 && body.utf8.count <= 100)
                    messages += packets.map { String($0.dropFirst()) }
                }
                #expect(messages == (1..<100).map { "\($0)" } + [String(repeating: "x", count: 80)])
            }
        }
    }

    @Test("After a goodbye nothing more is taken, and what was sent before it is sent")
    func afterGoodbye() async throws {
        let (bodies, gate) = (Mailbox<String>(), Gate())
        try await self.run(polls: Gate()) { body in
            bodies.put(body)
            await gate.wait()
        } _: { url in
            try await EngineServer.client(.pollingOnly).withSession(to: url) { session in
                try await session.send("first")
                try await session.send("second")
                session.close()
                let error = await #expect(throws: EngineIOClientError.self) { try await session.send("late") }
                #expect(error?.reason == .closed)
                gate.open()
                for try await _ in session.messages {}
            }
            var said = ""
            while !said.hasSuffix("1") { said += try await bodies.take() + " "; said.removeLast() }
            #expect(said.filter { $0 != "\u{1E}" } == "4first4second1")
        }
    }

    @Test("After a goodbye nothing more is polled")
    func noPollAfterGoodbye() async throws {
        let (polls, bodies, post) = (Mailbox<String>(), Mailbox<String>(), Gate())
        let poll = Gate()
        try await TestServer.run(routes: { server in
            server.http("/engine.io/") { request in
                if request.head.method == .post {
                    bodies.put(String(buffer: request.body))
                    await post.wait()
                    return ServerResponse(text: "ok")
                }
                guard request.query?.contains("sid") == true else { return ServerResponse(text: PostTests.open) }
                polls.put("poll")
                await poll.wait()
                return ServerResponse(text: "6")
            }
        }) { server in
            defer {
                poll.open()
                post.open()
            }
            let client = EngineServer.client(.pollingOnly) { $0.closeTimeout = .seconds(3) }
            try await client.withSession(to: server.url("/engine.io/", scheme: "http")) { session in
                #expect(try await polls.take() == "poll")
                session.close()
                #expect(try await bodies.take() == "1")
                // The poll ends before the goodbye is answered, which is never.
                poll.open()
                for try await _ in session.messages {}
            }
            polls.put("end")
            #expect(try await polls.take() == "end")
        }
    }

    @Test("A server that does not take the goodbye is not waited for longer than it may be")
    func goodbyeNotTaken() async throws {
        let (bodies, gate) = (Mailbox<String>(), Gate())
        try await self.run(polls: Gate()) { body in
            bodies.put(body)
            await gate.wait()
        } _: { url in
            defer { gate.open() }
            let client = EngineServer.client(.pollingOnly) {
                $0.requestTimeout = .seconds(600)
                $0.closeTimeout = .milliseconds(50)
            }
            try await client.withSession(to: url) { session in
                try await session.send("x")
                #expect(try await bodies.take() == "4x")
                session.close()
                for try await _ in session.messages {}
            }
        }
    }

    @Test("What comes with the handshake may be more than what waits to be received at most")
    func muchAtOnce() async throws {
        let first =
            PostTests.open + "\u{1E}4"
            + ["a", "b", "c"].map { String(repeating: $0, count: 100) }.joined(separator: "\u{1E}4")
        try await self.run(first: first, polls: Gate(), post: { _ in }) { url in
            let client = EngineServer.client(.pollingOnly) { $0.inboundQueueByteCount = 100 }
            try await client.withSession(to: url) { session in
                var count = 0
                for try await message in session.messages {
                    #expect(message.bytes.readableBytes == 100)
                    count += 1
                    if count == 3 { break }
                }
            }
        }
    }
}
