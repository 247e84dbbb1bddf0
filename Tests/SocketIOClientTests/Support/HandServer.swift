import WebSocketServer

/// A server of Socket.IO whose every word a test says, one session after the other.
struct HandServer: Sendable {
    let server: TestServer
    private let sessions: Mailbox<Session>

    static func run(_ body: (HandServer) async throws -> Void) async throws {
        let sessions = Mailbox<Session>()
        try await TestServer.run(routes: { server in
            server.webSocket("/socket.io/") { socket in
                try await socket.send(#"0{"sid":"s","upgrades":[],"pingInterval":600000,"pingTimeout":1000}"#)
                let session = Session(socket: socket)
                sessions.put(session)
                for try await message in socket.messages { session.received.put(message.text ?? "binary") }
            }
        }) { try await body(HandServer(server: $0, sessions: sessions)) }
    }

    /// The next session that a client opens.
    func session() async throws -> Session { try await self.sessions.take() }

    struct Session: Sendable {
        fileprivate let socket: WebSocketConnection
        fileprivate let received = Mailbox<String>()

        /// The next packet of the client; without the type of Engine.IO if it is one of Socket.IO.
        func take() async throws -> String {
            let packet = try await self.received.take()
            return packet.hasPrefix("4") ? String(packet.dropFirst()) : packet
        }

        /// Sends a packet of Socket.IO.
        func send(_ packet: String) async throws { try await self.socket.send("4" + packet) }

        /// Takes the question of the client to be let into the default namespace, and lets it in.
        func letIn() async throws -> String {
            let question = try await self.take()
            try await self.send(#"0{"sid":"x"}"#)
            return question
        }

        func cut() async throws { _ = try await self.socket.close() }
    }
}
