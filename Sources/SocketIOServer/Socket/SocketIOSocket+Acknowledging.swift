internal import EngineIOServer
internal import NIOCore
internal import SocketIOProtocol
internal import Synchronization
internal import WebSocketNIO
internal import WebSocketProtocol

extension SocketIOSocket {
    /// Sends an event to this client and waits for its answer.
    /// - Parameters:
    ///   - event: its name.
    ///   - values: its arguments.
    ///   - timeout: how long to wait. Default 10 s. What the client answers later is ignored.
    ///   - type: of the first value that the client answers with.
    /// - Throws: `SocketIOAcknowledgmentError` if no answer came, `DecodingError` if it is none of this type, and as
    ///   ``emit(_:_:)`` does; `CancellationError`.
    public func emitWithAck<Answer: Decodable, each Value: Encodable>(
        _ event: String, _ values: repeat each Value, timeout: Duration = .seconds(10),
        as type: Answer.Type = Answer.self
    ) async throws -> Answer {
        let id = self.namespace.makeAcknowledgmentID()
        let arguments = try [SocketIOValue](encoding: repeat each values)
        let packet = try self.namespace.event(event, arguments, acknowledgmentID: id)
        let answer = try await self.ask(packet.encoded.prepared, id, isVolatile: false, timeout)
        return try (answer.first ?? .null).decoded(as: Answer.self)
    }

    /// What the client answers to an event of this id.
    func ask(
        _ event: PreparedEngineIOMessage, _ id: UInt64, isVolatile: Bool, _ timeout: Duration
    ) async throws -> [SocketIOValue] {
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                self.inOrder { socket in
                    guard socket.state == .connected else {
                        return continuation.resume(throwing: SocketIOAcknowledgmentError.disconnected)
                    }
                    // Whoever was cancelled before is not told again.
                    guard !cancellation.hasCome.load(ordering: .sequentiallyConsistent) else {
                        return continuation.resume(throwing: CancellationError())
                    }
                    let pending = PendingAcknowledgment(id: id, socket: socket, continuation)
                    socket.pendingAcknowledgments[id] = pending
                    socket.connection.loop.deadlines.schedule(
                        pending, at: DeadlineWheel.now().advanced(by: timeout))
                    socket.send(event, isVolatile: isVolatile)
                }
            }
        } onCancel: {
            cancellation.hasCome.store(true, ordering: .sequentiallyConsistent)
            self.inOrder { $0.finishAcknowledgment(id, .failure(CancellationError())) }
        }
    }

    func finishAcknowledgment(_ id: UInt64, _ result: Result<[SocketIOValue], any Error>) {
        guard let pending = self.pendingAcknowledgments.removeValue(forKey: id) else { return }
        self.connection.loop.deadlines.remove(pending)
        pending.continuation.resume(with: result)
    }

    func failAcknowledgments() {
        for id in Array(self.pendingAcknowledgments.keys) {
            self.finishAcknowledgment(id, .failure(SocketIOAcknowledgmentError.disconnected))
        }
    }
}

/// Whether a task that is about to wait was cancelled: that may be known before the event loop has heard of it.
private final class Cancellation: Sendable {
    let hasCome = Atomic(false)
}

/// Somebody waits for an answer. On the socket's event loop only.
final class PendingAcknowledgment: DeadlineTarget {
    let continuation: CheckedContinuation<[SocketIOValue], any Error>
    var deadlineTick: Int64?
    private let id: UInt64
    private let socket: SocketIOSocket

    init(id: UInt64, socket: SocketIOSocket, _ continuation: CheckedContinuation<[SocketIOValue], any Error>) {
        self.id = id
        self.socket = socket
        self.continuation = continuation
    }

    func deadlineReached(now: MonotonicTime) -> MonotonicTime? {
        self.socket.finishAcknowledgment(self.id, .failure(SocketIOAcknowledgmentError.timedOut))
        return nil
    }
}
