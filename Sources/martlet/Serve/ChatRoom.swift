internal import NIOCore
internal import Synchronization
internal import WebSocketNIO

/// Everybody hears what anybody says. Who does not read is closed with 1013 instead of holding up the others.
final class ChatRoom: Sendable {
    private let members = Mutex<Set<WebSocketConnection>>([])

    func join(_ connection: WebSocketConnection) async throws {
        _ = self.members.withLock { $0.insert(connection) }
        defer { _ = self.members.withLock { $0.remove(connection) } }
        for try await message in connection.messages { self.broadcast(message) }
    }

    private func broadcast(_ message: WebSocketMessage) {
        let prepared = PreparedMessage(message)
        for member in self.members.withLock({ $0 }) {
            if member.eventLoop.inEventLoop {
                member.sendNow(prepared)
            } else {
                member.eventLoop.execute { member.sendNow(prepared) }
            }
        }
    }
}
