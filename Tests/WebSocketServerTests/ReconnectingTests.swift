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

    @Test("Cancelling closes the connection with 1001 and ends the loop", .requirement(298))
    func cancelled() async throws {
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
                    do {
                        for try await connection in Self.client.connections(to: server.url()) {
                            opened.open()
                            do { for try await _ in connection.messages {} } catch {}
                        }
                        Issue.record("the loop ended without an error")
                    } catch is CancellationError {
                    } catch {
                        Issue.record(error)
                    }
                }
                await opened.wait()
                group.cancelAll()
            }
            let outcome = try await outcomes.take()
            #expect(outcome.received?.code == .goingAway)
        }
    }
}
