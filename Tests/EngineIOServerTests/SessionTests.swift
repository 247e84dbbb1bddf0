import EngineIOServer
import NIOCore
import Testing
import WebSocketServer

/// Sessions as applications see them, over real sockets.
@Suite(.timeLimit(.minutes(1))) struct SessionTests {
    @Test("Messages keep kind and order while polling, and what is sent in one turn comes in one answer")
    func polling() async throws {
        try await TestServer.runEngine { server in
            let requests = try await Requests.connect(server)
            let id = try await requests.open()
            #expect(try await requests.push(id, "4a\u{1E}bAQID\u{1E}4b") == "ok")
            #expect(try await requests.poll(id) == "4a\u{1E}bAQID\u{1E}4b")
        }
    }

    @Test("What the application sends at the start of a session comes after the handshake, in the next poll")
    func greeting() async throws {
        try await TestServer.runEngine(onSession: { $0.send(.text("welcome")) }) { server in
            let requests = try await Requests.connect(server)
            let id = try await requests.open()
            #expect(try await requests.poll(id) == "4welcome")
            let socket = try await RawSocket.openEngine(server)
            #expect(try await socket.takePacket().hasPrefix("0{"))
            #expect(try await socket.takePacket() == "4welcome")
        }
    }

    @Test("A waiting poll makes a session writable, and is answered when the application sends")
    func writable() async throws {
        let sessions = Mailbox<EngineIOSession>()
        try await TestServer.runEngine(onSession: { sessions.put($0) }) { server in
            let requests = try await Requests.connect(server)
            let id = try await requests.open()
            let session = try await sessions.take()
            #expect(session.id == id)
            let isWritable = try await session.ask { $0.isWritable }
            #expect(!isWritable)
            try await requests.start("GET", "transport=polling&sid=\(id)")
            while try await session.ask({ $0.isWritable }) == false { await Task.yield() }
            session.execute { $0.send(.text("now")) }
            #expect(try await requests.socket.takeResponse().body == "4now")
        }
    }

    @Test("The session moves to a WebSocket: the application is told, and messages go there from then on")
    func upgrade() async throws {
        let sessions = Mailbox<EngineIOSession>()
        let transports = Mailbox<EngineIOTransport>()
        try await TestServer.runEngine(onSession: { session in
            session.onTransportChange { _, transport in transports.put(transport) }
            sessions.put(session)
        }) { server in
            let id = try await Requests.connect(server).open()
            let session = try await sessions.take()
            // One of them on the session's event loop, the other not: connections are placed in turn.
            let socket = try await RawSocket.openEngine(server, id)
            try await socket.send(packets: "2probe")
            #expect(try await socket.takePacket() == "3probe")
            session.execute { $0.send(.text("waits")) }
            let transport = try await session.ask { $0.transport }
            #expect(transport == .polling)
            try await socket.send(packets: "5")
            #expect(try await transports.take() == .webSocket)
            let later = try await session.ask { $0.transport }
            #expect(later == .webSocket)
            session.execute { $0.send(.text("after")) }
            #expect(try await socket.takePacket() == "4waits")
            #expect(try await socket.takePacket() == "4after")
        }
    }

    @Test("A pong brings the next ping after the interval, however long a client may take for one")
    func pingIsNotLate() async throws {
        try await TestServer.runEngine(configure: {
            $0.pingInterval = .milliseconds(100)
            $0.pingTimeout = .seconds(60)
        }) { server in
            let socket = try await RawSocket.openEngine(server)
            #expect(try await socket.takePacket().hasPrefix("0{"))
            for _ in 0..<3 {
                #expect(try await socket.takePacket() == "2")
                try await socket.send(packets: "3")
            }
        }
    }

    @Test(
        "Clients of python-engineio get 16 packets in an answer, also when the session is closed",
        arguments: ["Python/3.11 aiohttp/3.9", "python-requests/2.31.0"])
    func packetsPerAnswer(userAgent: String) async throws {
        let sessions = Mailbox<EngineIOSession>()
        try await TestServer.runEngine(onSession: { sessions.put($0) }) { server in
            let requests = try await Requests.connect(server)
            let id = try await requests.open(["User-Agent: \(userAgent)"])
            let session = try await sessions.take()
            func packets(_ range: Range<Int>) -> String { range.map { "4\($0)" }.joined(separator: "\u{1E}") }
            session.execute { session in for number in 0..<20 { session.send(.text("\(number)")) } }
            #expect(try await requests.poll(id) == packets(0..<16))
            #expect(try await requests.poll(id) == packets(16..<20))
            try await requests.start("GET", "transport=polling&sid=\(id)")
            while try await session.ask({ $0.isWritable }) == false { await Task.yield() }
            session.execute { session in
                for number in 0..<40 { session.send(.text("\(number)")) }
                session.close()
            }
            #expect(try await requests.socket.takeResponse().body == packets(0..<16))
            #expect(try await requests.poll(id) == packets(16..<32))
            #expect(try await requests.poll(id) == packets(32..<40) + "\u{1E}1")
            #expect(try await requests.poll(id).contains("Session ID unknown"))
        }
    }

    @Test("A prepared message reaches sessions on either transport, its parts together")
    func prepared() async throws {
        let sessions = Mailbox<EngineIOSession>()
        try await TestServer.runEngine(onSession: { sessions.put($0) }) { server in
            let requests = try await Requests.connect(server)
            let id = try await requests.open()
            let socket = try await RawSocket.openEngine(server)
            #expect(try await socket.takePacket().hasPrefix("0{"))
            let prepared = PreparedEngineIOMessage([.text("head"), .binary(ByteBuffer(bytes: [1, 2, 3, 4]))])
            for _ in 0..<2 { try await sessions.take().execute { $0.send(prepared) } }
            #expect(try await requests.poll(id) == "4head\u{1E}bAQIDBA==")
            #expect(try await socket.takeFrame() == .text("4head"))
            #expect(try await socket.takeFrame() == .binary([1, 2, 3, 4]))
        }
    }
}

extension EngineIOSession {
    /// An answer from the session's event loop.
    func ask<Answer: Sendable>(_ question: @escaping @Sendable (EngineIOSession) -> Answer) async throws -> Answer {
        try await self.eventLoop.submit { question(self) }.get()
    }
}
