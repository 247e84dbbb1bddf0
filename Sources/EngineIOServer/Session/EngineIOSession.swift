public import EngineIOProtocol
public import NIOCore
public import WebSocketServer

/// The conversation with one client, over whatever carries it at the moment.
///
/// A session lives on one event loop, ``eventLoop``. Everything but the constants and ``execute(_:)`` belongs there and
/// traps elsewhere. Callbacks are called there and must not block.
public final class EngineIOSession: @unchecked Sendable {
    // Safety: every stored property that is not a `let` is touched on `eventLoop` only.

    /// 20 characters that nobody can guess: whoever knows them may speak for the client. Not to be logged or shown.
    public let id: String
    /// The handshake request.
    public let request: ServerRequest
    public let eventLoop: any EventLoop

    init(id: String, request: ServerRequest, eventLoop: any EventLoop) {
        self.id = id
        self.request = request
        self.eventLoop = eventLoop
    }

    /// Runs `body` on the session's event loop: at once if we are there.
    public func execute(_ body: @escaping @Sendable (EngineIOSession) -> Void) {
        if self.eventLoop.inEventLoop { body(self) } else { self.eventLoop.execute { body(self) } }
    }
}

extension EngineIOSession: Hashable {
    public static func == (lhs: EngineIOSession, rhs: EngineIOSession) -> Bool { lhs === rhs }

    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

// MARK: - Sending

extension EngineIOSession {
    /// What carries the session now.
    public var transport: EngineIOTransport { .polling }

    /// True if what is sent now leaves at once: a poll waits, or the WebSocket takes bytes. Otherwise messages queue up, and
    /// one that is worth nothing later had better not be sent.
    public var isWritable: Bool { false }

    /// Sends a message, or queues it until the client can take it. Does nothing once the session is closed.
    ///
    /// Messages arrive in order, each once, unless the session ends before.
    public func send(_ message: EngineIOMessage) {}

    /// Sends messages that are sent to other sessions, too.
    public func send(_ prepared: PreparedEngineIOMessage) {}
}

// MARK: - Closing

extension EngineIOSession {
    /// Ends the session with the reason "forced server close", after what was sent before. ``onClose(_:)`` is called before
    /// this returns.
    public func close() {}

    /// Ends the session because of what the client sent: a layer above could make nothing of it.
    public func fail(_ reason: EngineIOCloseReason = .parseError) {}
}

// MARK: - Callbacks

extension EngineIOSession {
    /// Calls back with every message.
    public func onMessage(_ callback: @escaping (EngineIOSession, EngineIOMessage) -> Void) {}

    /// Calls back once, when the session has ended; at once if it already has. No other callback comes after it.
    public func onClose(_ callback: @escaping (EngineIOCloseReason) -> Void) {}

    /// Calls back when the session has moved to a WebSocket.
    public func onTransportChange(_ callback: @escaping (EngineIOSession, EngineIOTransport) -> Void) {}
}
