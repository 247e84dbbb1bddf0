public import SocketIOProtocol
internal import Synchronization

/// Handlers are called one after the other, in the order of what happened, for all sockets of a client; one that takes long
/// holds up those behind it. A handler may wait for an acknowledgment: those pass by what waits for handlers, up to
/// ``SocketIOClientConfiguration/maximumWaitingEvents``.
extension SocketIOClientSocket {
    private func change(_ body: (inout Handlers) -> Void) -> Self {
        self.handlers.withLock { body(&$0) }
        return self
    }

    // What is not `async` has functions of its own: the compiler fails to make one of the others of it.

    /// Calls back with an event's arguments, each as the type that the handler takes. Arguments that it does not take are
    /// passed over; ones that are missing are nil where that is possible.
    @discardableResult
    public func on<each Argument: Decodable & Sendable>(
        _ event: String, _ handler: @escaping @Sendable (repeat each Argument) throws -> Void
    ) -> Self {
        self.change {
            $0.events[event, default: []].append { values in
                var arguments = ArgumentReader(values, of: event)
                try handler(repeat try arguments.next((each Argument).self))
                return nil
            }
        }
    }

    /// Calls back with an event's arguments, and acknowledges the event with what is returned.
    @discardableResult
    public func on<each Argument: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ event: String, _ handler: @escaping @Sendable (repeat each Argument) throws -> Answer
    ) -> Self {
        self.change {
            $0.events[event, default: []].append { values in
                var arguments = ArgumentReader(values, of: event)
                return [try SocketIOValue(encoding: handler(repeat try arguments.next((each Argument).self)))]
            }
        }
    }

    /// Runs with an event's arguments, each as the type that the handler takes. Arguments that it does not take are passed
    /// over; ones that are missing are nil where that is possible.
    @discardableResult
    public func on<each Argument: Decodable & Sendable>(
        _ event: String, _ handler: @escaping @Sendable (repeat each Argument) async throws -> Void
    ) -> Self {
        self.change {
            $0.events[event, default: []].append { values in
                var arguments = ArgumentReader(values, of: event)
                try await handler(repeat try arguments.next((each Argument).self))
                return nil
            }
        }
    }

    /// Runs with an event's arguments, and acknowledges the event with what is returned.
    @discardableResult
    public func on<each Argument: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ event: String, _ handler: @escaping @Sendable (repeat each Argument) async throws -> Answer
    ) -> Self {
        self.change {
            $0.events[event, default: []].append { values in
                var arguments = ArgumentReader(values, of: event)
                return [try SocketIOValue(encoding: await handler(repeat try arguments.next((each Argument).self)))]
            }
        }
    }

    // Of a list without arguments the compiler makes a function that loses what the handler remembers.

    /// Calls back with an event, whatever its arguments.
    @discardableResult
    public func on(_ event: String, _ handler: @escaping @Sendable () throws -> Void) -> Self {
        self.change {
            $0.events[event, default: []].append { _ in
                try handler()
                return nil
            }
        }
    }

    /// Calls back with an event, whatever its arguments, and acknowledges it with what is returned.
    @discardableResult
    public func on<Answer: Encodable & Sendable>(
        _ event: String, _ handler: @escaping @Sendable () throws -> Answer
    ) -> Self {
        self.change { $0.events[event, default: []].append { _ in [try SocketIOValue(encoding: handler())] } }
    }

    /// Runs with an event, whatever its arguments.
    @discardableResult
    public func on(_ event: String, _ handler: @escaping @Sendable () async throws -> Void) -> Self {
        self.change {
            $0.events[event, default: []].append { _ in
                try await handler()
                return nil
            }
        }
    }

    /// Runs with an event, whatever its arguments, and acknowledges it with what is returned.
    @discardableResult
    public func on<Answer: Encodable & Sendable>(
        _ event: String, _ handler: @escaping @Sendable () async throws -> Answer
    ) -> Self {
        self.change { $0.events[event, default: []].append { _ in [try SocketIOValue(encoding: await handler())] } }
    }

    /// Runs with every event, before its own handlers.
    @discardableResult
    public func onAny(_ handler: @escaping @Sendable (String, [SocketIOValue]) async -> Void) -> Self {
        self.change { $0.any.append(handler) }
    }

    /// Runs when the socket is connected. It is told whether the server has recovered the former connection: same id, same
    /// rooms, and what was missed comes next.
    @discardableResult
    public func onConnect(_ handler: @escaping @Sendable (_ isRecovered: Bool) async -> Void) -> Self {
        self.change { $0.connect.append(handler) }
    }

    /// Runs when the connection is lost or was ended, with the reason in words.
    @discardableResult
    public func onDisconnect(_ handler: @escaping @Sendable (String) async -> Void) -> Self {
        self.change { $0.disconnect.append(handler) }
    }

    /// Runs when the server does not accept the socket, or what authenticates it could not be had. It is not tried again before
    /// the next session or ``connect()``.
    @discardableResult
    public func onConnectError(_ handler: @escaping @Sendable (SocketIOConnectError) async -> Void) -> Self {
        self.change { $0.connectError.append(handler) }
    }

    /// Runs with the event's name and the error when a handler has thrown or an argument is not what it takes. Without it,
    /// errors are logged at `debug`.
    @discardableResult
    public func onError(_ handler: @escaping @Sendable (String, any Error) async -> Void) -> Self {
        self.change { $0.error.append(handler) }
    }
}
