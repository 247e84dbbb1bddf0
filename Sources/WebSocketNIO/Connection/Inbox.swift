internal import DequeModule
package import NIOCore
package import WebSocketProtocol

/// A whole message, or with streamed delivery a piece of one.
package struct MessagePiece: Sendable {
    package let kind: MessageKind
    package let bytes: ByteBuffer
    package let startsMessage: Bool
    package let endsMessage: Bool
}

/// Messages that wait for the application, or the application that waits for a message.
struct Inbox {
    var pieces = Deque<MessagePiece>()
    var byteCount = 0
    /// The task that waits for the next piece. At most one.
    var waiter: UnsafeContinuation<Void, Never>?
    /// The channel asked to read while we were paused.
    var isReadPending = false
    /// Too much waits for the application: nothing more is read from the socket.
    var isPaused = false
    /// The application asked for a pause.
    var isPausedByApplication = false
}

extension ConnectionHandler {
    func enqueue(_ piece: MessagePiece) {
        self.inbox.pieces.append(piece)
        self.inbox.byteCount &+= piece.bytes.readableBytes
        self.metrics.queueChanged(by: 1)
        self.wakeReceiver()
    }

    /// Hands messages that came before the callback was set to the callback.
    func deliverWaitingMessages() {
        while let onMessage = self.onMessage, let piece = self.takePiece() {
            onMessage(self.connection, WebSocketMessage(uncheckedKind: piece.kind, bytes: piece.bytes))
        }
    }

    func wakeReceiver() {
        if let waiter = self.inbox.waiter.take() { waiter.resume() }
    }

    @inline(__always)
    private func takePiece() -> MessagePiece? {
        guard let piece = self.inbox.pieces.popFirst() else { return nil }
        self.inbox.byteCount &-= piece.bytes.readableBytes
        self.metrics.queueChanged(by: -1)
        if self.inbox.isPaused { self.updateReadPause() }
        return piece
    }

    /// Pauses above the high mark, resumes below half of it.
    func updateReadPause() {
        let mark = self.settings.configuration.receiveHighMark
        let divisor = self.inbox.isPaused ? 2 : 1
        let isFull =
            self.inbox.byteCount >= mark.byteCount / divisor
            || self.inbox.pieces.count >= mark.messageCount / divisor
        self.inbox.isPaused = (isFull && !self.inbox.pieces.isEmpty) || self.inbox.isPausedByApplication
        if !self.inbox.isPaused { self.resumeReading() }
    }

    func resumeReading() {
        guard self.inbox.isReadPending else { return }
        self.inbox.isReadPending = false
        self.context?.read()
    }

    /// The next piece in order.
    /// - Returns: nil after an ordinary end of the connection.
    /// - Throws: ``ConnectionClosedError`` after any other end, `CancellationError` if the task is cancelled.
    package func nextPiece() async throws -> MessagePiece? {
        if self.eventLoop.inEventLoop {
            while true {
                if let piece = self.takePiece() { return piece }
                if let outcome = self.closing.outcome {
                    guard outcome.isOrdinary else { throw ConnectionClosedError(outcome: outcome) }
                    return nil
                }
                await self.waitForPiece()
                try Task.checkCancellation()
            }
        }
        // Called off the loop: one hop each way.
        return try await withTaskExecutorPreference(self.loop.executor) {
            try await self.nextPiece()
        }
    }

    private func waitForPiece() async {
        precondition(self.inbox.waiter == nil, "only one task at a time may iterate the messages of a connection")
        await withTaskCancellationHandler {
            await withUnsafeContinuation { self.inbox.waiter = $0 }
        } onCancel: {
            self.eventLoop.execute { self.wakeReceiver() }
        }
    }
}
