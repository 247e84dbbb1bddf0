import SocketIOClient
import Synchronization
import Testing

@testable import SocketIOClient

/// Against a server by hand: what a client sends when, and in which session.
@Suite(.timeLimit(.minutes(1))) struct MembershipTests {
    private func client(
        _ server: HandServer, configure: (inout SocketIOClientConfiguration) -> Void = { _ in }
    ) -> SocketIOClient {
        var configuration = SocketIOClientConfiguration()
        configuration.engine.transports = .webSocketOnly
        configuration.reconnection?.initialDelay = .milliseconds(1)
        configure(&configuration)
        return SocketIOClient(
            to: server.server.url("", scheme: "http"), configuration: configuration, logger: TestServer.quiet)
    }

    @Test("The answer to an event of a session that was lost goes nowhere")
    func lateAnswer() async throws {
        try await HandServer.run { server in
            let client = self.client(server)
            let socket = client.socket()
            let (calls, gate) = (Mailbox<String>(), Gate())
            socket.on("slow") { () async -> String in
                calls.put("slow")
                await gate.wait()
                return "answer"
            }
            socket.on("next") { calls.put("next") }
            try await client.withConnection {
                let first = try await server.session()
                #expect(try await first.letIn() == "0")
                try await first.send(#"27["slow"]"#)
                #expect(try await calls.take() == "slow")
                try await first.cut()
                let second = try await server.session()
                #expect(try await second.letIn() == "0")
                try await second.send(#"2["next"]"#)
                gate.open()
                // It is called after the slow one has ended.
                #expect(try await calls.take() == "next")
                try await socket.emit("after")
                #expect(try await second.take() == #"2["after"]"#)
            }
        }
    }

    @Test("Who calls connect beside a new session does not ask twice")
    func askingOnce() async throws {
        try await HandServer.run { server in
            let client = self.client(server)
            let (asked, gate) = (Mailbox<Bool>(), Gate())
            let socket = client.socket {
                asked.put(true)
                await gate.wait()
                return ["token": "t"]
            }
            try await client.withConnection {
                let session = try await server.session()
                #expect(try await asked.take())
                async let connected: Void = socket.connect()
                gate.open()
                await connected
                #expect(try await session.letIn() == #"0{"token":"t"}"#)
                try await socket.emit("after")
                #expect(try await session.take() == #"2["after"]"#)
            }
        }
    }

    @Test(
        "Who leaves while it asks to be let in is out when it is let in, and hears nothing of before when it comes back"
    )
    func leavingWhileJoining() async throws {
        try await HandServer.run { server in
            let client = self.client(server)
            let socket = client.socket()
            let heard = Mailbox<String>()
            socket.on("event") { (text: String) in heard.put(text) }
            socket.onConnect { _ in heard.put("connected") }
            try await client.withConnection {
                let session = try await server.session()
                #expect(try await session.take() == "0")
                try await socket.disconnect()
                try await session.send(#"2["event","early"]"#)
                try await session.send(#"0{"sid":"x"}"#)
                // Only now: before, it would not have been known to the server.
                #expect(try await session.take() == "1")
                #expect(!socket.isConnected)
                try await session.send(#"2["event","late"]"#)
                await socket.connect()
                #expect(try await session.letIn() == "0")
                try await session.send(#"2["event","now"]"#)
                #expect(try await heard.take() == "connected")
                #expect(try await heard.take() == "now")
                #expect(socket.isConnected)
            }
        }
    }

    @Test("What authenticates could not be had: that is told, and can be tried again")
    func noAuthentication() async throws {
        struct NoToken: Error, CustomStringConvertible { let description = "no token" }
        try await HandServer.run { server in
            let client = self.client(server)
            let isFirst = Mutex(true)
            let errors = Mailbox<String>()
            let socket = client.socket {
                let fails = isFirst.withLock { isFirst in
                    defer { isFirst = false }
                    return isFirst
                }
                if fails { throw NoToken() }
                return ["token": "t"]
            }
            socket.onConnectError { errors.put($0.message) }
            try await client.withConnection {
                let session = try await server.session()
                #expect(try await errors.take() == "no authentication: no token")
                await socket.connect()
                #expect(try await session.letIn() == #"0{"token":"t"}"#)
            }
        }
    }

    @Test("Who leaves and comes back before it was let in asks once")
    func changeOfMind() async throws {
        try await HandServer.run { server in
            let client = self.client(server)
            let socket = client.socket()
            try await client.withConnection {
                let session = try await server.session()
                #expect(try await session.take() == "0")
                try await socket.disconnect()
                await socket.connect()
                try await session.send(#"0{"sid":"x"}"#)
                try await socket.emit("after")
                #expect(try await session.take() == #"2["after"]"#)
            }
        }
    }

    @Test("An event that is sent when the session is over, which nobody has said yet, waits for the next")
    func sentTooLate() async throws {
        try await HandServer.run { server in
            // Whoever reads the session is held up by events that wait for handlers.
            let client = self.client(server) { $0.maximumWaitingEvents = 0 }
            let socket = client.socket()
            let (calls, gate) = (Mailbox<String>(), Gate())
            socket.on("slow") {
                calls.put("slow")
                await gate.wait()
            }
            try await client.withConnection {
                defer { gate.open() }
                let first = try await server.session()
                #expect(try await first.letIn() == "0")
                try await first.send(#"2["slow"]"#)
                #expect(try await calls.take() == "slow")
                let session = try #require(client.state.withLock { $0.session })
                try await first.cut()
                while (try? session.sendIfRoom(together: [])) != nil { await Task.yield() }
                #expect(socket.isConnected)
                try await socket.emit("one")
                try await socket.emit("two")
                async let answer: String = socket.emitWithAck("three")
                gate.open()
                let second = try await server.session()
                #expect(try await second.letIn() == "0")
                #expect(try await second.take() == #"2["one"]"#)
                #expect(try await second.take() == #"2["two"]"#)
                #expect(try await second.take() == #"20["three"]"#)
                try await second.send(#"30["yes"]"#)
                #expect(try await answer == "yes")
            }
        }
    }

    @Test("An answer with more attachments than a packet may have is an error here, and the session goes on")
    func answerTooBig() async throws {
        try await HandServer.run { server in
            let client = self.client(server)
            let errors = Mailbox<SocketIOEmitError?>()
            let socket = client.socket()
            socket.on("ask") { (count: Int) in [[UInt8]](repeating: [1], count: count) }
            socket.onError { _, error in errors.put(error as? SocketIOEmitError) }
            try await client.withConnection {
                let session = try await server.session()
                #expect(try await session.letIn() == "0")
                try await session.send(#"21["ask",11]"#)
                #expect(try await errors.take() == .tooManyAttachments(count: 11, limit: 10))
                try await session.send(#"22["ask",10]"#)
                #expect(try await session.take().hasPrefix("610-2["))
            }
        }
    }

    @Test("A handler may join another namespace and wait for an answer there")
    func joiningInHandler() async throws {
        try await HandServer.run { server in
            let client = self.client(server)
            let socket = client.socket()
            socket.on("go") { () async throws -> String in try await client.socket("/other").emitWithAck("question") }
            try await client.withConnection {
                let session = try await server.session()
                #expect(try await session.letIn() == "0")
                try await session.send(#"21["go"]"#)
                #expect(try await session.take() == "0/other,")
                try await session.send(#"0/other,{"sid":"y"}"#)
                #expect(try await session.take() == #"2/other,0["question"]"#)
                try await session.send(#"3/other,0["yes"]"#)
                #expect(try await session.take() == #"31["yes"]"#)
            }
        }
    }

    @Test("An answer that overtakes whoever asked is not lost, many times over")
    func answerAtOnce() async throws {
        try await HandServer.run { server in
            let client = self.client(server)
            let socket = client.socket()
            try await client.withConnection {
                let session = try await server.session()
                #expect(try await session.letIn() == "0")
                for number in 0..<500 {
                    async let answer: Int = socket.emitWithAck("n", timeout: .seconds(5))
                    #expect(try await session.take() == "2\(number)[\"n\"]")
                    try await session.send("3\(number)[\(number)]")
                    #expect(try await answer == number)
                }
            }
        }
    }
}
