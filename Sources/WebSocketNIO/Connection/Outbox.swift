internal import DequeModule
internal import NIOCore
internal import WebSocketProtocol

/// Tells one waiting task from another, so that a cancelled one can be found.
final class WaitTicket: @unchecked Sendable {
    // Safety: touched on the connection's event loop only.

    /// The cancellation may get to the event loop before the wait does.
    var isCancelled = false
}

/// Who and what waits to be sent on one connection.
struct Outbox {
    /// A message is being sent piece by piece; others wait until it ends.
    var isStreaming = false
    private var deferred = Deque<(kind: MessageKind, bytes: ByteBuffer)>()
    private(set) var deferredByteCount = 0
    /// Tasks that want to stream a message next, in order.
    private var streamWaiters = Deque<CheckedContinuation<Void, Never>>()
    /// Tasks that wait for the socket to take bytes.
    private var drainWaiters: [(id: WaitTicket, continuation: CheckedContinuation<Void, Never>)] = []
    /// The message of ``SlowReaderPolicy/keepLatest`` that waits for room.
    var latest: MessagePiece?

    mutating func deferMessage(_ kind: MessageKind, _ bytes: ByteBuffer) {
        self.deferred.append((kind, bytes))
        self.deferredByteCount += bytes.readableBytes
    }

    mutating func nextDeferred() -> (kind: MessageKind, bytes: ByteBuffer)? {
        guard let message = self.deferred.popFirst() else { return nil }
        self.deferredByteCount -= message.bytes.readableBytes
        return message
    }

    mutating func addStreamWaiter(_ continuation: CheckedContinuation<Void, Never>) {
        self.streamWaiters.append(continuation)
    }

    mutating func nextStreamWaiter() -> CheckedContinuation<Void, Never>? {
        self.streamWaiters.popFirst()
    }

    mutating func addDrainWaiter(_ id: WaitTicket, _ continuation: CheckedContinuation<Void, Never>) {
        self.drainWaiters.append((id, continuation))
    }

    mutating func removeDrainWaiter(_ id: WaitTicket) -> CheckedContinuation<Void, Never>? {
        guard let index = self.drainWaiters.firstIndex(where: { $0.id === id }) else { return nil }
        return self.drainWaiters.remove(at: index).continuation
    }

    mutating func takeDrainWaiters() -> [CheckedContinuation<Void, Never>] {
        defer { self.drainWaiters.removeAll() }
        return self.drainWaiters.map(\.continuation)
    }

    /// The connection is over: nothing waits any more.
    mutating func abandon() -> [CheckedContinuation<Void, Never>] {
        self.deferred.removeAll()
        self.deferredByteCount = 0
        self.latest = nil
        defer { self.streamWaiters.removeAll() }
        return self.takeDrainWaiters() + self.streamWaiters
    }
}
