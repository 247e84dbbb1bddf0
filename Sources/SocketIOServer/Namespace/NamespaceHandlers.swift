internal import SocketIOProtocol
internal import Synchronization

/// What an application does about the sockets of a namespace.
final class NamespaceHandlers: Sendable {
    typealias Middleware = @Sendable (SocketIOSocket) async throws -> Void
    typealias ErrorHandler = @Sendable (SocketIOSocket, SocketIOEvent, any Error) -> Void

    enum Reaction<Value: Sendable>: Sendable {
        case callback(@Sendable (SocketIOSocket, Value) -> Void)
        case task(@Sendable (SocketIOSocket, Value) async -> Void)
    }

    struct Table: Sendable {
        var middleware: [Middleware] = []
        var connect: [Reaction<Void>] = []
        var disconnect: [Reaction<SocketIODisconnectReason>] = []
        var events: [String: [EventHandler]] = [:]
        var any: [EventHandler] = []
        var error: [ErrorHandler] = []

        /// In the order of registration, those for all events first.
        func handlers(of event: String) -> [EventHandler] {
            guard let handlers = self.events[event] else { return self.any }
            return self.any.isEmpty ? handlers : self.any + handlers
        }
    }

    private let state = Mutex(Table())

    var table: Table { self.state.withLock { $0 } }

    func change(_ body: (inout Table) -> Void) {
        self.state.withLock { body(&$0) }
    }
}
