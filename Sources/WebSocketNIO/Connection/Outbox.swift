internal import DequeModule
internal import NIOCore
internal import WebSocketProtocol

/// Tells one waiting task from another, so that a cancelled one can be found.
final class WaitTicket: @unchecked Sendable {
    // Safety: touched on the connection's event loop only.

    /// The cancellation may get to the event loop before the wait does.
    var isCancelled = false
}

/// A whole message on its way out.
struct OutgoingMessage {
    let kind: MessageKind
    let bytes: ByteBuffer
    /// False if it must not be compressed, whatever was agreed.
    var mayBeCompressed = true
    /// Frames made once for many connections.
    var prepared: PreparedMessage?
}

extension OutgoingMessage {
    init(_ message: WebSocketMessage, compress: Bool) {
        self.init(kind: message.kind, bytes: message.bytes, mayBeCompressed: compress)
    }
}

/// Who and what waits to be sent on one connection.
struct Outbox {
    /// A message is being sent piece by piece; others wait until it ends.
    var isStreaming = false
    private var deferred = Deque<OutgoingMessage>()
    private(set) var deferredByteCount = 0
    /// Tasks that wait for the socket to take bytes, or for a streamed message to end, in order.
    private var waiters: [(ticket: WaitTicket, continuation: CheckedContinuation<Void, Never>)] = []
    /// The message of ``SlowReaderPolicy/keepLatest`` that waits for room.
    var latest: OutgoingMessage?

    mutating func deferMessage(_ message: OutgoingMessage) {
        self.deferred.append(message)
        self.deferredByteCount += message.bytes.readableBytes
    }

    mutating func nextDeferred() -> OutgoingMessage? {
        guard let message = self.deferred.popFirst() else { return nil }
        self.deferredByteCount -= message.bytes.readableBytes
        return message
    }

    mutating func addWaiter(_ ticket: WaitTicket, _ continuation: CheckedContinuation<Void, Never>) {
        self.waiters.append((ticket, continuation))
    }

    mutating func removeWaiter(_ ticket: WaitTicket) -> CheckedContinuation<Void, Never>? {
        guard let index = self.waiters.firstIndex(where: { $0.ticket === ticket }) else { return nil }
        return self.waiters.remove(at: index).continuation
    }

    /// Sending has moved on: each task looks whether it has to wait longer.
    mutating func wakeWaiters() {
        var waiters: [(ticket: WaitTicket, continuation: CheckedContinuation<Void, Never>)] = []
        swap(&waiters, &self.waiters)
        for waiter in waiters { waiter.continuation.resume() }
    }

    /// The connection is over: nothing waits any more.
    mutating func abandon() {
        self.deferred.removeAll()
        self.deferredByteCount = 0
        self.latest = nil
        self.wakeWaiters()
    }
}
