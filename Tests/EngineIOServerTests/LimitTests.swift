import NIOCore
import NIOPosix
import Testing
import WebSocketServer

@testable import EngineIOServer

/// What clients that take too much, or nothing, get.
@Suite(.timeLimit(.minutes(1))) struct LimitTests {
    @Test(
        "Class 21: fallback transports. Packets for a client that does not poll pile up to the limit; then its session ends"
    )
    func noPolls() async throws {
        let ends = EndingTests.Ends()
        try await TestServer.runEngine(
            configure: { $0.outboundQueueByteCount = 10_000 }, onSession: ends.onSession
        ) { server in
            let requests = try await Requests.connect(server)
            _ = try await requests.open()
            let greedy = try await ends.sessions.take()
            let other = try await requests.open()
            let bytes = ByteBuffer(repeating: 0x61, count: 1000)
            let isOpen = try await greedy.ask { session in
                for _ in 0..<9 { session.send(.text(bytes)) }
                return session.machine.isOpen
            }
            #expect(isOpen)
            greedy.execute { $0.send(.text(bytes)) }
            #expect(try await ends.reasons.take() == .transportError)
            #expect(try await requests.push(other, "4hello") == "ok")
            #expect(try await requests.poll(other) == "4hello")
        }
    }

    @Test("Empty messages count, too")
    func emptyMessages() async throws {
        let ends = EndingTests.Ends()
        try await TestServer.runEngine(
            configure: { $0.outboundQueueByteCount = 10_000 }, onSession: ends.onSession
        ) { server in
            _ = try await Requests.connect(server).open()
            try await ends.sessions.take().execute { for _ in 0..<10_000 { $0.send(.text("")) } }
            #expect(try await ends.reasons.take() == .transportError)
        }
    }

    @Test("One message over the limit gets through if nothing waits before it")
    func longMessage() async throws {
        let ends = EndingTests.Ends()
        try await TestServer.runEngine(
            configure: { $0.outboundQueueByteCount = 100 }, onSession: ends.onSession
        ) { server in
            let requests = try await Requests.connect(server)
            let id = try await requests.open()
            try await ends.sessions.take().execute { $0.send(.text(ByteBuffer(repeating: 0x61, count: 5000))) }
            #expect(try await requests.poll(id) == "4" + String(repeating: "a", count: 5000))
        }
    }

    @Test("A WebSocket that does not read is closed at the limit, on whichever event loop it lives")
    func webSocketThatDoesNotRead() async throws {
        let ends = EndingTests.Ends()
        try await TestServer.runEngine(
            server: { $0.connection.closeTimeout = .seconds(1) }, onSession: ends.onSession
        ) { server in
            let bytes = ByteBuffer(repeating: 0x61, count: 64 * 1024)
            let send: @Sendable (EngineIOSession) -> Void = { session in
                // More than the kernel takes, by a multiple of the limit.
                for _ in 0..<400 { session.send(.text(bytes)) }
            }
            let direct = try await RawSocket.openEngine(server, reads: false)
            let session = try await ends.sessions.take()
            session.execute(send)
            #expect(try await ends.reasons.take() == .transportError)
            direct.close()
            for _ in 0..<2 {
                // Of two connections in a row at least one is on another event loop than the session.
                let requests = try await Requests.connect(server)
                let id = try await requests.open()
                let session = try await ends.sessions.take()
                let socket = try await RawSocket.openEngine(server, id, reads: false)
                try await socket.send(packets: "2probe", "5")
                while try await session.ask({ $0.transport }) == .polling { await Task.yield() }
                session.execute(send)
                #expect(try await ends.reasons.take() == .transportError)
                socket.close()
            }
        }
    }

    @Test("Empty messages to a session on another event loop count, too, while it takes nothing in")
    func emptyMessagesOfAnotherLoop() async throws {
        let ends = EndingTests.Ends()
        try await TestServer.runEngine(onSession: ends.onSession) { server in
            // Both ends of connections go to the event loops in turn; in every other round one of them is passed over.
            for round in 0..<20 {
                let requests = try await Requests.connect(server)
                let id = try await requests.open()
                let session = try await ends.sessions.take()
                if !round.isMultiple(of: 2) { _ = MultiThreadedEventLoopGroup.singleton.next() }
                let raw = try await RawSocket.openEngine(server, id)
                defer {
                    requests.socket.close()
                    raw.close()
                }
                try await raw.send(packets: "2probe", "5")
                while try await session.ask({ $0.transport }) == .polling { await Task.yield() }
                let socket = try #require(try await session.ask { $0.socket })
                guard !socket.isLocal else { continue }
                session.execute { $0.pauseReceiving() }
                let frame = RawFrame.binary([]).masked().bytes
                try await raw.send(Array(repeating: frame, count: 20_000).flatMap { $0 })
                let deadline = ContinuousClock.now + .seconds(10)
                let isPaused = { @Sendable in
                    try await socket.connection.eventLoop.submit { socket.isPaused }.get()
                }
                while try await !isPaused(), ContinuousClock.now < deadline { await Task.yield() }
                #expect(try await isPaused())
                return
            }
            Issue.record("no WebSocket came to another event loop than its session's")
        }
    }

    @Test("Sessions in all are limited, and a place is free again when one ends")
    func sessions() async throws {
        try await TestServer.runEngine(configure: { $0.maximumSessions = 2 }) { server in
            let requests = try await Requests.connect(server)
            let first = try await requests.open()
            _ = try await requests.open()
            let refused = try await requests.ask("GET", "transport=polling")
            #expect(refused.head.hasPrefix("HTTP/1.1 503 "))
            #expect(refused.body == #"{"code":3,"message":"Too many sessions"}"#)
            #expect(try await requests.push(first, "1") == "ok")
            _ = try await requests.open()
        }
    }

    @Test("A POST that takes too long gets 408 and ends the session")
    func slowPost() async throws {
        let ends = EndingTests.Ends()
        try await TestServer.runEngine(
            server: { $0.http.requestTimeout = .seconds(2) }, onSession: ends.onSession
        ) { server in
            let id = try await Requests.connect(server).open()
            let request = try await Requests.connect(server)
            try await request.start("POST", "transport=polling&sid=\(id)", ["Content-Length: 10"])
            #expect(try await request.socket.takeResponse().head.hasPrefix("HTTP/1.1 408 "))
            #expect(try await ends.reasons.take() == .transportError)
        }
    }

    @Test("An answer that the client does not take is not followed by another")
    func answersNotTaken() async throws {
        let ends = EndingTests.Ends()
        try await TestServer.runEngine(
            configure: { $0.outboundQueueByteCount = 128 * 1024 * 1024 }, onSession: ends.onSession
        ) { server in
            let id = try await Requests.connect(server).open()
            let session = try await ends.sessions.take()
            let socket = try await RawSocket.connect(to: server.port, reads: false)
            let poll = "GET /engine.io/?EIO=4&transport=polling&sid=\(id) HTTP/1.1\r\nHost: h\r\n\r\n"
            let large = ByteBuffer(repeating: 0x61, count: 48 * 1024 * 1024)
            session.execute { $0.send(.text(large)) }
            try await socket.send(poll + poll)
            // The first poll takes the message; the second would wait, if it were looked at.
            while try await session.ask({ $0.queue.isEmpty }) == false { await Task.yield() }
            for _ in 0..<100 { await Task.yield() }
            let isWritable = try await session.ask { $0.isWritable }
            #expect(!isWritable)
            try await socket.startReading()
            let first = try await socket.takeResponse()
            #expect(first.body.utf8.count == 48 * 1024 * 1024 + 1)
            session.execute { $0.send(.text("second")) }
            #expect(try await socket.takeResponse().body == "4second")
        }
    }
}
