import EngineIOServer
import NIOCore
import Testing
import WebSocketServer

/// How sessions end, and what the application hears of it.
@Suite(.timeLimit(.minutes(1))) struct EndingTests {
    /// Sessions that tell why they ended.
    struct Ends: Sendable {
        let sessions = Mailbox<EngineIOSession>()
        let reasons = Mailbox<EngineIOCloseReason>()

        var onSession: @Sendable (EngineIOSession) -> Void {
            { session in
                session.echo()
                session.onClose { reasons.put($0) }
                sessions.put(session)
            }
        }
    }

    @Test("Closed by the client: while polling, and over a WebSocket")
    func byClient() async throws {
        let ends = Ends()
        try await TestServer.runEngine(onSession: ends.onSession) { server in
            let requests = try await Requests.connect(server)
            let id = try await requests.open()
            #expect(try await requests.push(id, "1") == "ok")
            #expect(try await ends.reasons.take() == .forcedClose)
            let socket = try await RawSocket.openEngine(server)
            #expect(try await socket.takePacket().hasPrefix("0{"))
            try await socket.send(packets: "1")
            #expect(try await ends.reasons.take() == .forcedClose)
            #expect(try await socket.takeFrame() == .close(1000, "forced close"))
        }
    }

    @Test("Closed by the application: a waiting poll gets what was sent and the close, a WebSocket too")
    func byApplication() async throws {
        let ends = Ends()
        try await TestServer.runEngine(onSession: ends.onSession) { server in
            let requests = try await Requests.connect(server)
            let id = try await requests.open()
            try await requests.start("GET", "transport=polling&sid=\(id)")
            let session = try await ends.sessions.take()
            while try await session.ask({ $0.isWritable }) == false { await Task.yield() }
            session.execute {
                $0.send(.text("last"))
                $0.close()
                $0.send(.text("too late"))
            }
            #expect(try await requests.socket.takeResponse().body == "4last\u{1E}1")
            #expect(try await ends.reasons.take() == .forcedServerClose)
            let socket = try await RawSocket.openEngine(server)
            #expect(try await socket.takePacket().hasPrefix("0{"))
            try await ends.sessions.take().execute {
                $0.send(.text("last"))
                $0.close()
            }
            #expect(try await socket.takePacket() == "4last")
            #expect(try await socket.takeFrame() == .close(1000, "forced server close"))
            #expect(try await ends.reasons.take() == .forcedServerClose)
        }
    }

    @Test(
        "Closed by the application without a waiting poll: the application hears at once, the client by its next poll")
    func beforeThePoll() async throws {
        let ends = Ends()
        try await TestServer.runEngine(onSession: ends.onSession) { server in
            let requests = try await Requests.connect(server)
            let id = try await requests.open()
            try await ends.sessions.take().execute {
                $0.send(.text("last"))
                $0.close()
            }
            #expect(try await ends.reasons.take() == .forcedServerClose)
            #expect(try await requests.poll(id) == "4last\u{1E}1")
            #expect(try await requests.poll(id) == #"{"code":1,"message":"Session ID unknown"}"#)
        }
    }

    @Test("A layer above that can make nothing of a message ends the session, and the POST gets 400")
    func byLayerAbove() async throws {
        let ends = Ends()
        let onSession: @Sendable (EngineIOSession) -> Void = { session in
            ends.onSession(session)
            session.onMessage { session, _ in session.fail() }
        }
        try await TestServer.runEngine(onSession: onSession) { server in
            let requests = try await Requests.connect(server)
            let id = try await requests.open()
            let head = try await requests.ask("POST", "transport=polling&sid=\(id)", body: "4x").head
            #expect(head.hasPrefix("HTTP/1.1 400 "))
            #expect(try await ends.reasons.take() == .parseError)
        }
    }

    @Test("A poll, a POST or a WebSocket that breaks off")
    func brokenOff() async throws {
        let ends = Ends()
        try await TestServer.runEngine(onSession: ends.onSession) { server in
            for start in ["GET %@", "POST %@"] {
                let id = try await Requests.connect(server).open()
                let session = try await ends.sessions.take()
                let request = try await Requests.connect(server)
                if start.hasPrefix("GET") {
                    try await request.start("GET", "transport=polling&sid=\(id)")
                    while try await session.ask({ $0.isWritable }) == false { await Task.yield() }
                } else {
                    try await request.start(
                        "POST", "transport=polling&sid=\(id)", ["Content-Length: 10", "Expect: 100-continue"])
                    #expect(try await request.socket.takeHead().hasPrefix("HTTP/1.1 100 "))
                }
                request.socket.close()
                #expect(try await ends.reasons.take() == .transportError)
            }
            let socket = try await RawSocket.openEngine(server)
            #expect(try await socket.takePacket().hasPrefix("0{"))
            socket.close()
            #expect(try await ends.reasons.take() == .transportClose)
        }
    }

    @Test("The server shuts down: waiting polls fail, so that clients come back, WebSockets are closed with 1001")
    func shutdown() async throws {
        let ends = Ends()
        let (poll, socket) = try await TestServer.runEngine(onSession: ends.onSession) { server in
            let requests = try await Requests.connect(server)
            let id = try await requests.open()
            try await requests.start("GET", "transport=polling&sid=\(id)")
            let session = try await ends.sessions.take()
            while try await session.ask({ $0.isWritable }) == false { await Task.yield() }
            let socket = try await RawSocket.openEngine(server)
            #expect(try await socket.takePacket().hasPrefix("0{"))
            return (requests.socket, socket)
        }
        #expect(try await poll.takeResponse().head.hasPrefix("HTTP/1.1 503 "))
        #expect(try await socket.takeFrame() == .close(1001, "server shutting down"))
        #expect(try await ends.reasons.take() == .serverShuttingDown)
        #expect(try await ends.reasons.take() == .serverShuttingDown)
    }
}
