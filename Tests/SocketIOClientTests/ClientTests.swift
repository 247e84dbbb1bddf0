import HTTPTypes
import SocketIOClient
import SocketIOServer
import Synchronization
import Testing

@testable import SocketIOClient

@Suite(.timeLimit(.minutes(1))) struct ClientTests {
    static let transports: [EngineIOClientConfiguration.Transports] = [
        .pollingThenWebSocket, .pollingOnly, .webSocketOnly,
    ]

    struct Order: Codable, Sendable, Equatable {
        var item: String
        var image: [UInt8]
    }

    private func run(
        configure: (inout SocketIOConfiguration) -> Void = { _ in },
        set: (SocketIOServer) -> Void,
        _ body: (TestServer) async throws -> Void
    ) async throws {
        var configuration = SocketIOConfiguration()
        configure(&configuration)
        let io = SocketIOServer(configuration: configuration)
        set(io)
        try await TestServer.run(routes: { io.mount(on: &$0) }) { try await body($0) }
    }

    private func client(
        _ server: TestServer, _ transports: EngineIOClientConfiguration.Transports = .webSocketOnly,
        configure: (inout SocketIOClientConfiguration) -> Void = { _ in }
    ) -> SocketIOClient {
        var configuration = SocketIOClientConfiguration()
        configuration.engine.transports = transports
        configuration.reconnection?.initialDelay = .milliseconds(50)
        configuration.reconnection?.maximumDelay = .milliseconds(100)
        configure(&configuration)
        return SocketIOClient(
            to: server.url("", scheme: "http"), configuration: configuration, logger: TestServer.quiet)
    }

    @Test("Events, binary and acknowledgments both ways, on every transport", arguments: ClientTests.transports)
    func events(transports: EngineIOClientConfiguration.Transports) async throws {
        try await self.run { io in
            io.on("order") { (socket, order: Order) -> Order in
                try socket.emit("ordered", order)
                return order
            }
            io.on("ask-me") { (socket, question: String) async throws -> String in
                try await socket.emitWithAck("question", question)
            }
        } _: { server in
            let client = self.client(server, transports)
            let socket = client.socket()
            let ordered = Mailbox<Order>()
            socket.on("ordered") { (order: Order) in ordered.put(order) }
            socket.on("question") { (question: String) in "about \(question)" }
            try await client.withConnection {
                let order = Order(item: "té", image: [0, 255])
                let answer: Order = try await socket.emitWithAck("order", order)
                #expect(answer == order)
                #expect(try await ordered.take() == order)
                #expect(try await socket.emitWithAck("ask-me", "x", as: String.self) == "about x")
                #expect(socket.isConnected && socket.id?.count == 20)
            }
            #expect(!socket.isConnected)
        }
    }

    @Test("Namespaces on one session, each with what authenticates the client there, and refusals with their data")
    func namespaces() async throws {
        try await self.run { io in
            io.of("/chat").use { socket in
                guard socket.auth?["token"]?.string == "t" else {
                    throw SocketIOConnectError("no", data: ["hint": 1])
                }
            }
            io.of("/chat").on("name") { socket in socket.namespace.name }
            io.of("/other").use { _ in throw SocketIOConnectError("closed", data: ["hint": 1]) }
        } _: { server in
            let client = self.client(server)
            let refusals = Mailbox<SocketIOConnectError>()
            let chat = client.socket("/chat") { ["token": "t"] }
            client.socket("/other").onConnectError { refusals.put($0) }
            try await client.withConnection {
                let name = try await chat.emitWithAck("name", as: String.self)
                #expect(name == "/chat")
                #expect(try await refusals.take() == SocketIOConnectError("closed", data: ["hint": 1]))
                // One that is asked for while the session is there joins it.
                let late = client.socket("/")
                let connected = Mailbox<Bool>()
                late.onConnect { connected.put($0) }
                #expect(try await connected.take() == false)
            }
        }
    }

    @Test("What is sent before the connection arrives after it, in order; too much is an error")
    func buffering() async throws {
        let numbers = Mailbox<Int>()
        try await self.run { io in
            io.on("n") { (_, number: Int) in numbers.put(number) }
        } _: { server in
            let client = self.client(server) { $0.maximumBufferedEvents = 5 }
            let socket = client.socket()
            for number in 0..<5 { try await socket.emit("n", number) }
            await #expect(throws: SocketIOBufferError(limit: 5)) { try await socket.emit("n", 5) }
            await #expect(throws: SocketIOEmitError.reservedName("connect")) { try await socket.emit("connect") }
            // Who gives up waiting for an answer does not want the event sent either.
            let hopeless = self.client(server).socket()
            await #expect(throws: SocketIOAcknowledgmentError.timedOut) {
                try await hopeless.emitWithAck("n", 1, timeout: .milliseconds(10), as: Int.self)
            }
            #expect(hopeless.state.withLock { $0.outbound.isEmpty })
            try await client.withConnection {
                for number in 0..<5 {
                    let taken = try await numbers.take()
                    #expect(taken == number)
                }
            }
        }
    }

    @Test("An answer that does not come is an error in time, and one whose connection is lost, too")
    func missingAnswers() async throws {
        try await self.run { io in
            io.on("silent") { (_: SocketIOSocket) in }
            io.on("drop") { (socket: SocketIOSocket) in socket.disconnect(closingSession: true) }
        } _: { server in
            let client = self.client(server)
            let socket = client.socket()
            try await client.withConnection {
                await #expect(throws: SocketIOAcknowledgmentError.timedOut) {
                    try await socket.emitWithAck("silent", timeout: .milliseconds(50), as: Int.self)
                }
                await #expect(throws: SocketIOAcknowledgmentError.disconnected) {
                    try await socket.emitWithAck("drop", as: Int.self)
                }
            }
        }
    }

    @Test(
        "A lost connection comes back: to the same socket where the server recovers it, with what was missed",
        arguments: ClientTests.transports)
    func recovery(transports: EngineIOClientConfiguration.Transports) async throws {
        let sockets = Mailbox<SocketIOSocket>()
        try await self.run(configure: { $0.recovery = SocketIORecovery() }) { io in
            io.onConnect { socket in
                if !socket.isRecovered { socket.join("room") }
                sockets.put(socket)
            }
            io.on("go") { socket in
                for number in 0..<5 { try io.to("room").emit("n", number) }
                // As if the connection had been lost.
                socket.connectionIsLost()
                for number in 5..<10 { try io.to("room").emit("n", number) }
            }
        } _: { server in
            let client = self.client(server, transports)
            let socket = client.socket()
            let numbers = Mailbox<Int>()
            let connections = Mailbox<Bool>()
            socket.on("n") { (number: Int) in numbers.put(number) }
            socket.onConnect { connections.put($0) }
            try await client.withConnection {
                #expect(try await connections.take() == false)
                let id = socket.id
                try await socket.emit("go")
                #expect(try await connections.take() == true)
                #expect(socket.id == id)
                for number in 0..<10 { #expect(try await numbers.take() == number) }
                #expect(try await sockets.take().isRecovered == false)
                #expect(try await sockets.take().isRecovered)
            }
        }
    }

    @Test("A server that comes back is found again")
    func restart() async throws {
        let changes = Mailbox<String>()
        var port = 0
        var client: SocketIOClient?
        try await withThrowingTaskGroup(of: Void.self) { group in
            for round in 0..<2 {
                let io = SocketIOServer()
                try await TestServer.run(configure: { [port] in $0.port = port }, routes: { io.mount(on: &$0) }) {
                    server in
                    port = server.port
                    if client == nil {
                        let first = self.client(server)
                        first.socket().onConnect { _ in changes.put("connected") }
                        first.socket().onDisconnect { _ in changes.put("disconnected") }
                        group.addTask { try await first.run() }
                        client = first
                    }
                    let change = try await changes.take()
                    #expect(change == "connected", "round \(round)")
                }
                let change = try await changes.take()
                #expect(change == "disconnected", "round \(round)")
            }
            client?.close()
            group.cancelAll()
            _ = try? await group.next()
        }
    }

    @Test("A refusal that will not heal ends it; so does the last of the attempts")
    func givingUp() async throws {
        try await TestServer.run(routes: { server in
            server.http("/socket.io/") { _ in ServerResponse(status: .forbidden, text: "go away") }
        }) { server in
            let error = await #expect(throws: EngineIOClientError.self) {
                try await self.client(server, .pollingOnly).run()
            }
            #expect(error?.status?.code == 403 && error?.body == "go away")
        }
        var configuration = SocketIOClientConfiguration()
        configuration.reconnection?.initialDelay = .milliseconds(1)
        configuration.reconnection?.maximumAttempts = 3
        let nobody = SocketIOClient(to: "http://127.0.0.1:1", configuration: configuration, logger: TestServer.quiet)
        await #expect(throws: EngineIOClientError.self) { try await nobody.run() }
    }

    @Test("The delay before an attempt is anything up to a limit that doubles")
    func delays() {
        var reconnection = SocketIOReconnection()
        reconnection.initialDelay = .milliseconds(100)
        reconnection.maximumDelay = .milliseconds(1000)
        let longest = [0, 1, 2, 3, 4, 100].map { reconnection.delay(attempt: $0, random: 1) }
        #expect(longest == [100, 200, 400, 800, 1000, 1000].map { Duration.milliseconds($0) })
        #expect(reconnection.delay(attempt: 3, random: 0) == .zero)
        #expect(reconnection.delay(attempt: 1, random: 0.5) == .milliseconds(100))
    }
}
