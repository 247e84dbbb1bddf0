/// What carries the packets of a session at the moment.
public enum EngineIOTransport: String, Sendable, Hashable {
    /// HTTP requests: one that waits for packets to the client, one at a time that brings packets from it.
    case polling
    case webSocket = "websocket"
}
