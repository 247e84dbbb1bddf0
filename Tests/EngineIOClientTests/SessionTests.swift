import EngineIOClient
import EngineIOServer
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(1))) struct SessionTests {
    static let transports: [EngineIOClientConfiguration.Transports] = [
        .pollingThenWebSocket, .pollingOnly, .webSocketOnly,
    ]

    @Test("Text and binary come back as they are, in order, on every transport", arguments: SessionTests.transports)
    func echo(transports: EngineIOClientConfiguration.Transports) async throws {
        try await EngineServer.run { server in
            try await EngineServer.client(transports).withSession(to: server.url) { session in
                let sent = (0..<300).map { number in
                    number.isMultiple(of: 3)
                        ? WebSocketMessage([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: number))
                        : WebSocketMessage("é😀 \(number)")
                }
                var received: [WebSocketMessage] = []
                var messages = session.messages.makeAsyncIterator()
                for message in sent { try await session.send(message) }
                while received.count < sent.count, let message = try await messages.next() { received.append(message) }
                #expect(received == sent)
                #expect(session.id.count == 20)
            }
        }
    }

    @Test("A session moves to a WebSocket while messages go both ways: none is lost, doubled or overtaken")
    func upgrade() async throws {
        // Enough for a busy machine: a move that takes too long does not come about.
        try await EngineServer.run(configure: { $0.upgradeTimeout = .seconds(50) }) { server in
            let client = EngineServer.client { $0.requestTimeout = .seconds(50) }
            try await client.withSession(to: server.url) { session in
                let moves = Mailbox<EngineIOTransport>()
                session.onTransportChange { moves.put($0) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for number in 0..<3000 { try await session.send("\(number)") }
                    }
                    group.addTask {
                        var next = 0
                        for try await message in session.messages {
                            #expect(message.text == "\(next)")
                            next += 1
                            if next == 3000 { break }
                        }
                        #expect(next == 3000)
                    }
                    try await group.waitForAll()
                }
                #expect(try await moves.take() == .webSocket)
                #expect(session.transport == .webSocket)
            }
        }
    }

    @Test("Told to poll, a client polls; where there is no upgrade, it stays with polling")
    func polling() async throws {
        try await EngineServer.run { server in
            try await EngineServer.client(.pollingOnly).withSession(to: server.url) { session in
                try await session.send("x")
                for try await message in session.messages {
                    #expect(message.text == "x" && session.transport == .polling)
                    break
                }
            }
        }
        try await EngineServer.run(configure: { $0.allowsUpgrades = false }) { server in
            try await EngineServer.client().withSession(to: server.url) { session in
                try await session.send("x")
                for try await _ in session.messages { break }
                #expect(session.transport == .polling)
            }
        }
    }

    @Test("Heartbeats are answered on every transport", arguments: SessionTests.transports)
    func heartbeat(transports: EngineIOClientConfiguration.Transports) async throws {
        let ends = Mailbox<EngineIOCloseReason>()
        try await EngineServer.run(
            configure: {
                $0.pingInterval = .milliseconds(200)
                $0.pingTimeout = .milliseconds(5000)
            },
            onSession: { session in
                session.onMessage { session, message in session.send(message) }
                session.onClose { ends.put($0) }
            }
        ) { server in
            try await EngineServer.client(transports).withSession(to: server.url) { session in
                // Longer than an unanswered ping is waited for.
                try await Task.sleep(for: .milliseconds(6000))
                try await session.send("alive")
                for try await message in session.messages {
                    #expect(message.text == "alive")
                    break
                }
            }
            #expect(try await ends.take() == .forcedClose)
        }
    }

    @Test(
        "A closed session comes to its end on both sides, after what was sent before",
        arguments: SessionTests.transports)
    func closing(transports: EngineIOClientConfiguration.Transports) async throws {
        let got = Mailbox<String>()
        try await EngineServer.run(onSession: { session in
            session.onMessage { _, message in got.put(String(buffer: message.bytes)) }
            session.onClose { got.put("\($0)") }
        }) { server in
            try await EngineServer.client(transports).withSession(to: server.url) { session in
                try await session.send("last words")
                session.close()
                for try await _ in session.messages {}
                await #expect(throws: EngineIOClientError.self) { try await session.send("too late") }
            }
            #expect(try await got.take() == "last words")
            #expect(try await got.take() == "forced close")
        }
    }

    @Test("A session that the server ends says so", arguments: SessionTests.transports)
    func closedByServer(transports: EngineIOClientConfiguration.Transports) async throws {
        try await EngineServer.run(onSession: { session in
            session.onMessage { session, _ in session.close() }
        }) { server in
            let error = await #expect(throws: EngineIOClientError.self) {
                try await EngineServer.client(transports).withSession(to: server.url) { session in
                    try await session.send("go")
                    for try await _ in session.messages {}
                }
            }
            #expect(
                error?.reason == (transports == .pollingOnly ? .closedByServer : .network)
                    || error?.reason == .closedByServer)
        }
    }

    @Test("A WebSocket lost between its answer to the probe and the move leaves the session with polling")
    func lostBeforeMoving() async throws {
        let isLost = Gate()
        let polls = Mailbox<String>()
        for poll in [
            #"0{"sid":"a","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000}"#,
            "6", "4still here", "1",
        ] {
            polls.put(poll)
        }
        try await TestServer.run(routes: { server in
            server.webSocket("/engine.io/") { socket in
                for try await _ in socket.messages {
                    try await socket.send("3probe")
                    // Only once the client has taken the answer can it still want to move.
                    try await Task.sleep(for: .milliseconds(200))
                    _ = try await socket.close()
                    isLost.open()
                }
            }
            server.http("/engine.io/") { request in
                let poll = try await polls.take()
                if poll == "6" { await isLost.wait() }
                return ServerResponse(text: poll)
            }
        }) { server in
            let error = await #expect(throws: EngineIOClientError.self) {
                let url = server.url("/engine.io/", scheme: "http")
                try await EngineServer.client().withSession(to: url) { session in
                    for try await message in session.messages {
                        #expect(message.text == "still here")
                        #expect(session.transport == .polling)
                    }
                }
            }
            #expect(error?.reason == .closedByServer)
        }
    }

    @Test("A client that takes nothing holds the server up, and gets all in the end", arguments: [true, false])
    func slowReader(overWebSocket: Bool) async throws {
        try await EngineServer.run(
            configure: { $0.outboundQueueByteCount = 64 << 20 },
            onSession: { session in
                session.onMessage { session, _ in
                    for _ in 0..<100 { session.send(.binary(ByteBuffer(repeating: 1, count: 50_000))) }
                }
            }
        ) { server in
            let client = EngineServer.client(overWebSocket ? .webSocketOnly : .pollingOnly) {
                $0.inboundQueueByteCount = 100_000
            }
            try await client.withSession(to: server.url) { session in
                try await session.send("go")
                try await Task.sleep(for: .milliseconds(300))
                var count = 0
                for try await message in session.messages {
                    #expect(message.bytes.readableBytes == 50_000)
                    count += 1
                    if count == 100 { break }
                }
            }
        }
    }
}
