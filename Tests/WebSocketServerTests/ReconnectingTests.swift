import HTTPTypes
import NIOCore
import Testing
import WebSocketClient
import WebSocketServer

@Suite("Reconnecting", .timeLimit(.minutes(1)))
struct ReconnectingTests {
    private static let client = WebSocketClient(logger: TestServer.quiet)

    private static let quick: ReconnectionPolicy = {
        var policy = ReconnectionPolicy()
        policy.initialDelay = .milliseconds(1)
        policy.maximumDelay = .milliseconds(5)
        return policy
    }()

    @Test(
        "The wait is nothing at first, then anything up to a ceiling that doubles to its maximum",
        .requirement(163, 164, 298))
    func delays() {
        let policy = ReconnectionPolicy()
        #expect(policy.delay(failureCount: 0, random: 1) == .zero)
        #expect(policy.delay(failureCount: 1, random: 1) == .milliseconds(500))
        #expect(policy.delay(failureCount: 4, random: 1) == .seconds(4))
        #expect(policy.delay(failureCount: 4, random: 0.25) == .seconds(1))
        #expect(policy.delay(failureCount: 8, random: 1) == .seconds(60))
        for count in [9, 40, 1000, .max] {
            #expect(policy.delay(failureCount: count, random: 1) == .seconds(60))
            #expect(policy.delay(failureCount: count, random: 0) == .zero)
        }
    }

    @Test("Each connection that ends is followed by another, and the next try knows how it ended", .requirement(298))
    func again() async throws {
        try await TestServer.run(routes: { server in
            server.webSocket("/") { connection in
                _ = try await connection.close(code: 4002, reason: "enough")
            }
        }) { server in
            let attempts = Mailbox<ReconnectionAttempt>()
            let url = server.url()
            let sequence = Self.client.connections(policy: Self.quick) { attempt in
                attempts.put(attempt)
                return ReconnectionRequest(url: url)
            }
            var count = 0
            for try await connection in sequence {
                #expect(await connection.closed.received?.code == 4002)
                count += 1
                if count == 4 { break }
            }
            for number in 1...4 {
                let attempt = try await attempts.take()
                #expect(attempt.number == number)
                #expect(attempt.lastOutcome?.received?.code == (number == 1 ? nil : 4002))
                #expect(attempt.lastError == nil)
            }
        }
    }

    @Test("A server that is not there yet is tried again; what heals with time is not final", .requirement(298))
    func heals() async throws {
        let tries = Mailbox<Int>()
        try await TestServer.run(routes: { server in
            server.webSocket("/") { request in
                switch request.head.headerFields[.authorization] {
                case "1"?: .refuse(ServerResponse(status: .serviceUnavailable))
                case "2"?: .refuse(ServerResponse(status: .tooManyRequests, headerFields: [.retryAfter: "0"]))
                default: .accept
                }
            } handler: { connection in
                for try await message in connection.messages { try await connection.send(message) }
            }
        }) { server in
            let url = server.url()
            let sequence = Self.client.connections(policy: Self.quick) { attempt in
                tries.put(attempt.number)
                // Nobody listens on port 1.
                return ReconnectionRequest(
                    url: attempt.number == 3 ? "ws://127.0.0.1:1/" : url,
                    headerFields: [.authorization: "\(attempt.number)"])
            }
            for try await connection in sequence {
                try await connection.send("hello")
                for try await message in connection.messages {
                    #expect(message.text == "hello")
                    break
                }
                _ = try await connection.close()
                break
            }
            for number in 1...4 { #expect(try await tries.take() == number) }
        }
    }

    @Test(
        "A refusal that will not heal ends it, and so does the last try allowed", .requirement(298),
        arguments: [401, 403, 404, 410])
    func final(code: Int) async throws {
        try await TestServer.run(routes: { server in
            server.webSocket("/") { _ in
                .refuse(ServerResponse(status: .init(code: code)))
            } handler: { _ in
            }
        }) { server in
            let error = await #expect(throws: ConnectError.self) {
                for try await _ in Self.client.connections(to: server.url(), policy: Self.quick) {}
            }
            #expect(error?.response?.status.code == code)
            #expect(error?.isPermanent == true)
        }
        var policy = Self.quick
        policy.maximumAttemptCount = 3
        let error = await #expect(throws: ConnectError.self) {
            for try await _ in Self.client.connections(to: "ws://127.0.0.1:1/", policy: policy) {}
        }
        #expect(error?.reason == .network)
    }

    @Test("What a try asks for takes the place of what the configuration has, by name", .requirement(298))
    func fields() async throws {
        try await TestServer.run(
            configure: { $0.originPolicy = .dangerouslyAllowAnyOrigin },
            routes: { server in
                server.webSocket("/") { request in
                    let fields = request.head.headerFields
                    let seen = [HTTPField.Name.authorization, .cookie, .origin].map {
                        fields[values: $0].joined(separator: "+")
                    }
                    return .refuse(ServerResponse(status: .forbidden, text: seen.joined(separator: " ")))
                } handler: { _ in
                }
            }
        ) { server in
            let url = server.url()
            let client = TestServer.client {
                $0.credentials = .bearer("old")
                $0.headerFields = [.cookie: "old", .origin: "https://same.example"]
            }
            let sequence = client.connections { _ in
                var fields: HTTPFields = [.authorization: "new"]
                fields[values: .cookie] = ["new", "newer"]
                return ReconnectionRequest(url: url, headerFields: fields)
            }
            let error = await #expect(throws: ConnectError.self) { for try await _ in sequence {} }
            #expect(error.map { String(buffer: $0.body) } == "new new+newer https://same.example")
        }
    }

    @Test(
        "However the loop is left, the connection is closed with 1001: the task cancelled, an error, break",
        .requirement(298))
    func left() async throws {
        struct Enough: Error {}
        let outcomes = Mailbox<CloseOutcome>()
        let opened = Gate()
        try await TestServer.run(routes: { server in
            server.webSocket("/") { connection in
                for try await _ in connection.messages {}
                outcomes.put(await connection.closed)
            }
        }) { server in
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(throws: CancellationError.self) {
                        for try await connection in Self.client.connections(to: server.url()) {
                            opened.open()
                            do {
                                for try await _ in connection.messages {}
                            } catch is ConnectionClosedError {}
                        }
                    }
                }
                await opened.wait()
                group.cancelAll()
            }
            #expect(try await outcomes.take().received?.code == .goingAway)
            await #expect(throws: Enough.self) {
                for try await _ in Self.client.connections(to: server.url()) { throw Enough() }
            }
            #expect(try await outcomes.take().received?.code == .goingAway)
            for try await _ in Self.client.connections(to: server.url()) { break }
            #expect(try await outcomes.take().received?.code == .goingAway)
        }
    }

    @Test("A connection that is cancelled between tries, or while one waits, ends the loop as well", .requirement(298))
    func cancelledBetween() async throws {
        var policy = ReconnectionPolicy()
        policy.initialDelay = .seconds(3600)
        policy.maximumDelay = .seconds(3600)
        let tries = Mailbox<Int>()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [policy] in
                await #expect(throws: CancellationError.self) {
                    let sequence = Self.client.connections(policy: policy) { attempt in
                        tries.put(attempt.number)
                        return ReconnectionRequest(url: "ws://127.0.0.1:1/")
                    }
                    for try await _ in sequence {}
                }
            }
            _ = try? await tries.take()
            group.cancelAll()
        }
    }

    @Test("A server that restarts is come back to, although it is not there for a while", .requirement(298))
    func restart() async throws {
        func echoOnce(_ messages: WebSocketConnection, _ text: String) async throws {
            try await messages.send(text)
            for try await message in messages.messages {
                #expect(message.text == text)
                return
            }
        }
        let attempts = Mailbox<ReconnectionAttempt>()
        let ports = Mailbox<Int>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let restarting = Gate()
            let leaving = Gate()
            group.addTask {
                let port = try await TestServer.run { server in
                    ports.put(server.port)
                    await restarting.wait()
                    return server.port
                }
                // It is tried for while it is away.
                while try await attempts.take().lastError == nil {}
                try await TestServer.run {
                    $0.port = port
                } _: { _ in
                    await leaving.wait()
                }
            }
            let port = try await ports.take()
            let sequence = Self.client.connections(policy: Self.quick) { attempt in
                attempts.put(attempt)
                return ReconnectionRequest(url: "ws://127.0.0.1:\(port)/")
            }
            var count = 0
            for try await connection in sequence {
                count += 1
                try await echoOnce(connection, "round \(count)")
                if count == 2 { break }
                restarting.open()
                #expect(await connection.closed.received?.code == .goingAway)
            }
            leaving.open()
            try await group.waitForAll()
        }
    }

    @Test("A server that answers no ping is given up and come back to", .requirement(289, 298))
    func silence() async throws {
        try await RawListener.run { listener in
            let client = TestServer.client {
                $0.connection.keepAlive = .init(pingInterval: .milliseconds(50), pongTimeout: .milliseconds(50))
                $0.connection.closeTimeout = .milliseconds(50)
            }
            let url = "ws://127.0.0.1:\(listener.port)/"
            let attempts = Mailbox<ReconnectionAttempt>()
            let loop = Task {
                let sequence = client.connections(policy: Self.quick) { attempt in
                    attempts.put(attempt)
                    return ReconnectionRequest(url: url)
                }
                for try await connection in sequence {
                    do {
                        for try await _ in connection.messages {}
                    } catch is ConnectionClosedError {}
                }
            }
            for number in 1...3 {
                let socket = try await listener.acceptWebSocket()
                let attempt = try await attempts.take()
                #expect(attempt.number == number)
                #expect((attempt.lastOutcome?.code == .abnormalClosure) == (number > 1))
                socket.close()
            }
            loop.cancel()
            _ = await loop.result
        }
    }
}
