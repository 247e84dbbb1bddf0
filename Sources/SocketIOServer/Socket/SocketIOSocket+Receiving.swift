internal import EngineIOServer
internal import Logging
internal import SocketIOProtocol

/// Events, on the socket's event loop.
extension SocketIOSocket {
    func received(_ name: String, _ arguments: [SocketIOValue], _ acknowledgmentID: UInt64?) {
        let acknowledgment = acknowledgmentID.map { SocketIOAcknowledgment(id: $0, socket: self) }
        let event = SocketIOEvent(name: name, arguments: arguments, acknowledgment: acknowledgment)
        for handler in self.namespace.handlers.table.handlers(of: name) {
            switch handler {
            case .callback(let body):
                self.run { socket in
                    socket.finish(event, Result { try body(socket, event) })
                }
            case .task(let body):
                self.enqueue { socket in
                    do {
                        socket.finish(event, .success(try await body(socket, event)))
                    } catch {
                        socket.finish(event, .failure(error))
                    }
                }
            }
        }
    }

    func run<Value: Sendable>(_ reactions: [NamespaceHandlers.Reaction<Value>], _ value: Value) {
        for reaction in reactions {
            switch reaction {
            case .callback(let body): self.run { body($0, value) }
            case .task(let body): self.enqueue { await body($0, value) }
            }
        }
    }

    /// Runs `body` at once, unless something before it is not done yet.
    private func run(_ body: @escaping @Sendable (SocketIOSocket) -> Void) {
        if let queue = self.queue, !queue.isIdle { queue.append { body($0) } } else { body(self) }
    }

    private func enqueue(_ body: @escaping @Sendable (SocketIOSocket) async -> Void) {
        let queue = self.queue ?? HandlerQueue(socket: self)
        self.queue = queue
        queue.append(body)
    }

    private func finish(_ event: SocketIOEvent, _ result: Result<[SocketIOValue]?, any Error>) {
        do {
            if let answer = try result.get() { try event.acknowledgment?.send(arguments: answer) }
        } catch {
            let handlers = self.namespace.handlers.table.error
            for handler in handlers { handler(self, event, error) }
            guard handlers.isEmpty else { return }
            self.connection.loop.logger.debug(
                "Socket.IO event was not handled",
                metadata: ["event": "\(event.name.debugDescription)", "socket": "\(self.id)", "error": "\(error)"])
        }
    }
}
