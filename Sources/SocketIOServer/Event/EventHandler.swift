internal import SocketIOProtocol

/// What is done about an event. What it returns acknowledges the event.
enum EventHandler: Sendable {
    /// Runs on the socket's event loop.
    case callback(@Sendable (SocketIOSocket, SocketIOEvent) throws -> [SocketIOValue]?)
    /// Runs in a task, after those of earlier events of the socket.
    case task(@Sendable (SocketIOSocket, SocketIOEvent) async throws -> [SocketIOValue]?)
}
