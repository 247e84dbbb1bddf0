// A chat room: what one says, all hear. The name is in the URL: ws://127.0.0.1:8080/chat?ann
import Logging
import ServiceLifecycle
import Synchronization
import WebSocketServer

final class Room: Sendable {
    private let members = Mutex<Set<WebSocketConnection>>([])

    func join(_ connection: WebSocketConnection, as name: String) async throws {
        _ = self.members.withLock { $0.insert(connection) }
        defer { _ = self.members.withLock { $0.remove(connection) } }
        self.say("\(name) is here")
        for try await message in connection.messages {
            self.say("\(name): \(message.text ?? "…")")
        }
    }

    private func say(_ text: String) {
        for member in self.members.withLock({ $0 }) {
            // Who does not read is closed with 1013 instead of holding up the others.
            member.eventLoop.execute { member.sendNow(WebSocketMessage(text), ifSlow: .close) }
        }
    }
}

@main
struct Chat {
    static func main() async throws {
        var server = WebSocketServer(configuration: ServerConfiguration(port: 8080))
        let room = Room()
        server.webSocket("/chat") { connection in
            let name = connection.handshake.request.path?.split(separator: "?").last.map(String.init)
            try await room.join(connection, as: name ?? "somebody")
        }
        let logger = Logger(label: "chat")
        try await ServiceGroup(services: [server], gracefulShutdownSignals: [.sigint, .sigterm], logger: logger).run()
    }
}
