internal import SocketIOProtocol

/// Something whose sockets can be given handlers: a namespace, or the namespaces of a pattern.
///
/// Handlers of one event are called in the order in which they were set. What is set while clients are connected counts from
/// their next event on. A handler that is not `async` runs on the socket's event loop and must not block; `async` handlers of
/// one socket run one after the other, in the order of its events, so one that takes long holds up those behind it.
///
/// What a handler returns acknowledges the event if the client asked for it; if there are several, the first that
/// returns something does. If one throws, or an argument is not what it takes, ``onError(_:)`` hears of it.
public protocol SocketIOHandling: Sendable {
    /// Where handlers are kept.
    var handlerRegistry: SocketIOHandlerRegistry { get }
}

/// Where handlers are kept. Nothing to see from outside.
public struct SocketIOHandlerRegistry: Sendable {
    let handlers: NamespaceHandlers
}

extension SocketIOHandling {
    private func change(_ body: (inout NamespaceHandlers.Table) -> Void) -> Self {
        self.handlerRegistry.handlers.change(body)
        return self
    }

    // MARK: - Sockets

    /// Decides about each socket before it is connected; may set ``SocketIOSocket/data``. All are asked in turn.
    /// - Parameter middleware: refuses by throwing. The client is told message and data of a `SocketIOConnectError`; of
    ///   any other error only that the server failed.
    @discardableResult
    public func use(_ middleware: @escaping @Sendable (SocketIOSocket) async throws -> Void) -> Self {
        self.change { $0.middleware.append(middleware) }
    }

    /// Calls back when a socket is connected. What is sent from here is the first that the client gets.
    @discardableResult
    public func onConnect(_ handler: @escaping @Sendable (SocketIOSocket) -> Void) -> Self {
        self.change { $0.connect.append(.callback { socket, _ in handler(socket) }) }
    }

    /// Runs when a socket is connected, before its events are handled.
    @discardableResult
    public func onConnect(_ handler: @escaping @Sendable (SocketIOSocket) async -> Void) -> Self {
        self.change { $0.connect.append(.task { socket, _ in await handler(socket) }) }
    }

    /// Calls back when a connected socket is disconnected; ``SocketIOSocket/rooms`` are still those it was in.
    @discardableResult
    public func onDisconnect(
        _ handler: @escaping @Sendable (SocketIOSocket, SocketIODisconnectReason) -> Void
    ) -> Self {
        self.change { $0.disconnect.append(.callback(handler)) }
    }

    /// Runs when a connected socket is disconnected and its events are handled.
    @discardableResult
    public func onDisconnect(
        _ handler: @escaping @Sendable (SocketIOSocket, SocketIODisconnectReason) async -> Void
    ) -> Self {
        self.change { $0.disconnect.append(.task(handler)) }
    }

    // MARK: - Events

    /// Calls back with an event's arguments, each as the type that the handler takes. Arguments that it does not take are
    /// passed over; ones that are missing are nil where that is possible.
    @discardableResult
    public func on<each Argument: Decodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable (SocketIOSocket, repeat each Argument) throws -> Void
    ) -> Self {
        self.add(
            event,
            .callback { socket, event in
                var arguments = ArgumentReader(event.arguments, of: event.name)
                try handler(socket, repeat try arguments.next((each Argument).self))
                return nil
            })
    }

    /// Calls back with an event's arguments, and acknowledges the event with what is returned.
    @discardableResult
    public func on<each Argument: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable (SocketIOSocket, repeat each Argument) throws -> Answer
    ) -> Self {
        self.add(
            event,
            .callback { socket, event in
                var arguments = ArgumentReader(event.arguments, of: event.name)
                return [try SocketIOValue(encoding: handler(socket, repeat try arguments.next((each Argument).self)))]
            })
    }

    /// Runs with an event's arguments.
    @discardableResult
    public func on<each Argument: Decodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable (SocketIOSocket, repeat each Argument) async throws -> Void
    ) -> Self {
        self.add(
            event,
            .task { socket, event in
                var arguments = ArgumentReader(event.arguments, of: event.name)
                try await handler(socket, repeat try arguments.next((each Argument).self))
                return nil
            })
    }

    /// Runs with an event's arguments, and acknowledges the event with what is returned.
    @discardableResult
    public func on<each Argument: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable (SocketIOSocket, repeat each Argument) async throws -> Answer
    ) -> Self {
        self.add(
            event,
            .task { socket, event in
                var arguments = ArgumentReader(event.arguments, of: event.name)
                let answer = try await handler(socket, repeat try arguments.next((each Argument).self))
                return [try SocketIOValue(encoding: answer)]
            })
    }

    /// Calls back with an event as it came: whatever its arguments, to be acknowledged at any later time.
    @discardableResult
    public func onEvent(
        _ event: String,
        _ handler: @escaping @Sendable (SocketIOSocket, SocketIOEvent) throws -> Void
    ) -> Self {
        self.add(
            event,
            .callback { socket, event in
                try handler(socket, event)
                return nil
            })
    }

    /// Calls back with every event, before its own handlers.
    @discardableResult
    public func onAny(_ handler: @escaping @Sendable (SocketIOSocket, SocketIOEvent) throws -> Void) -> Self {
        self.change {
            $0.any.append(
                .callback { socket, event in
                    try handler(socket, event)
                    return nil
                })
        }
    }

    /// Calls back when a handler has thrown, on the socket's event loop or in the handler's task. Without it, errors are
    /// logged at `debug`.
    @discardableResult
    public func onError(
        _ handler: @escaping @Sendable (SocketIOSocket, SocketIOEvent, any Error) -> Void
    ) -> Self {
        self.change { $0.error.append(handler) }
    }

    private func add(_ event: String, _ handler: EventHandler) -> Self {
        self.change { $0.events[event, default: []].append(handler) }
    }
}
