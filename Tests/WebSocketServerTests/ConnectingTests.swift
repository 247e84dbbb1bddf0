import NIOCore
import Testing
import WebSocketClient
import WebSocketServer

@Suite("While a connection is being opened (§4.1)", .timeLimit(.minutes(1)))
struct ConnectingTests {
    @Test("Cancelling while connecting leaves no connection behind (§7.2.2)", .requirement(162))
    func cancellation() async throws {
        try await RawListener.run { listener in
            let connecting = Task { try await TestServer.client().connect(to: "ws://127.0.0.1:\(listener.port)/") }
            let socket = try await listener.accept()
            _ = try await socket.takeHead()
            connecting.cancel()
            await #expect(throws: CancellationError.self) { try await connecting.value }
            #expect(try await socket.takeRest().isEmpty)
            socket.close()
        }
    }

    @Test("Cancelling at any moment either opens or does not, and nothing is left over (§7.2.2)", .requirement(162))
    func cancellationAnyTime() async throws {
        let ends = Mailbox<Void>()
        let opens = Mailbox<Void>()
        try await TestServer.run { _ in
        } routes: { server in
            server.webSocket("/") { (connection: WebSocketConnection) -> Void in
                opens.put(())
                connection.onClose { _ in ends.put(()) }
            }
        } _: { server in
            let client = TestServer.client { $0.opensOneAtATime = false }
            for round in 0..<100 {
                let connecting = Task { try await client.connect(to: server.url()) }
                for _ in 0..<round { await Task.yield() }
                connecting.cancel()
                if let connection = try? await connecting.value { try await connection.close() }
            }
            // One more that is sure to open, so that there is an end to wait for.
            try await client.withConnection(to: server.url()) { _ in }
            try await opens.take()
            try await ends.take()
        }
    }

    @Test("One connection at a time is opened to a host and port, in order (§4.1 step 2)", .requirement(10, 11))
    func oneAtATime() async throws {
        try await RawListener.run { listener in
            let url = "ws://127.0.0.1:\(listener.port)"
            let waiting = (0..<3).map { number in
                Task { try await TestServer.client().connect(to: "\(url)/\(number)") }
            }
            let first = try await listener.accept()
            let firstHead = try await first.takeHead()
            // One that does not wait for its turn overtakes the two that do.
            let unlimited = TestServer.client { $0.opensOneAtATime = false }
            let impatient = Task { try await unlimited.connect(to: "\(url)/impatient") }
            let second = try await listener.accept()
            #expect(try await second.takeHead().hasPrefix("GET /impatient "))
            second.close()
            _ = await impatient.result
            try await first.send(try RawListener.acceptance(of: firstHead))
            // The next begins when the first is open, the last when the next has failed.
            let third = try await listener.accept()
            _ = try await third.takeHead()
            third.close()
            let fourth = try await listener.acceptWebSocket()
            var failureCount = 0
            for task in waiting {
                switch await task.result {
                case .success(let connection): connection.handler.eventLoop.execute { connection.handler.drop() }
                case .failure: failureCount += 1
                }
            }
            #expect(failureCount == 1)
            first.close()
            fourth.close()
        }
    }

    @Test("Who waits for its turn can be cancelled, and the next gets it (§4.1 step 2)", .requirement(10))
    func cancelledInLine() async throws {
        try await RawListener.run { listener in
            let url = "ws://127.0.0.1:\(listener.port)"
            let first = Task { try await TestServer.client().connect(to: "\(url)/first") }
            let socket = try await listener.accept()
            _ = try await socket.takeHead()
            let second = Task { try await TestServer.client().connect(to: "\(url)/second") }
            let third = Task { try await TestServer.client().connect(to: "\(url)/third") }
            second.cancel()
            await #expect(throws: CancellationError.self) { try await second.value }
            socket.close()
            await #expect(throws: ConnectError.self) { try await first.value }
            let next = try await listener.accept()
            #expect(try await next.takeHead().hasPrefix("GET /third "))
            next.close()
            _ = await third.result
        }
    }

    @Test("The deadline covers the waiting for one's turn (§4.1 step 2)", .requirement(10, 21))
    func timeoutInLine() async throws {
        try await RawListener.run { listener in
            let url = "ws://127.0.0.1:\(listener.port)/"
            let first = Task { try await TestServer.client().connect(to: url) }
            let socket = try await listener.accept()
            _ = try await socket.takeHead()
            let error = await #expect(throws: ConnectError.self) {
                try await TestServer.client { $0.connectTimeout = .milliseconds(100) }.connect(to: url)
            }
            #expect(error?.reason == .timedOut)
            first.cancel()
            await #expect(throws: CancellationError.self) { try await first.value }
            socket.close()
        }
    }

    @Test("Different ports do not wait for each other (§4.1 step 2)", .requirement(10))
    func differentPorts() async throws {
        try await RawListener.run { silent in
            let stuck = Task { try await TestServer.client().connect(to: "ws://127.0.0.1:\(silent.port)/") }
            let socket = try await silent.accept()
            try await TestServer.run { server in
                try await TestServer.client().withConnection(to: server.url()) { _ in }
            }
            stuck.cancel()
            _ = await stuck.result
            socket.close()
        }
    }
}
