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
    /// We are closing and the inbox was full: what comes now is thrown away.
    var isDiscarding = false
}

extension ConnectionHandler {
    func enqueue(_ piece: MessagePiece) {
        // After our Close we read on to see the peer's, also where the application reads no more. From the first piece
        // that finds no room none is kept, so that no message looks whole that is not.
        if self.inbox.isPaused && self.closing.phase != .open { self.inbox.isDiscarding = true }
        guard !self.inbox.isDiscarding else { return }
        self.inbox.pieces.append(piece)
        self.inbox.byteCount &+= piece.bytes.readableBytes
        self.metrics.queueChanged(by: 1)
        self.wakeReceiver()
    }

    /// Hands messages that came before the callback was set to the callback.
    func deliverWaitingMessages() {
        while let onMessage = self.onMessage, let piece = self.takePiece() {
            self.callBack(onMessage, piece)
        }
    }

    /// Hands a message to the callback; with streamed delivery its pieces are gathered first, up to the message limit.
    @inline(__always)
    func callBack(_ onMessage: (WebSocketConnection, WebSocketMessage) -> Void, _ piece: MessagePiece) {
        if piece.startsMessage && piece.endsMessage {
            onMessage(self.connection, WebSocketMessage(uncheckedKind: piece.kind, bytes: piece.bytes))
        } else if let bytes = self.gather(piece) {
            onMessage(self.connection, WebSocketMessage(uncheckedKind: piece.kind, bytes: bytes))
        }
    }

    /// - Returns: the message, if this is the last piece of one.
    private func gather(_ piece: MessagePiece) -> ByteBuffer? {
        var bytes = self.gathering.take() ?? ByteBuffer()
        bytes.writeImmutableBuffer(piece.bytes)
        guard bytes.readableBytes <= self.settings.configuration.limits.maximumMessageByteCount else {
            self.fail(ProtocolViolation.messageTooBig)
            return nil
        }
        if piece.endsMessage { return bytes }
        self.gathering = bytes
        return nil
    }

    func wakeReceiver() {
        if let waiter = self.inbox.waiter.take() { waiter.resume() }
    }

    @inline(__always)
    private func takePiece() -> MessagePiece? {
        guard let piece = self.inbox.pieces.popFirst() else { return nil }
        self.inbox.byteCount &-= piece.bytes.readableBytes
        if self.closing.phase != .closed { self.metrics.queueChanged(by: -1) }
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
        if self.readsOn { self.resumeReading() }
    }

    /// True if there is room for more. Also once we are closing: what then finds no room is thrown away, so a full inbox is
    /// no reason not to read.
    @inline(__always)
    var readsOn: Bool { !self.inbox.isPaused || self.closing.phase != .open }

    /// Reads on: first what is unread, then from the socket, if the channel has asked to.
    func resumeReading() {
        guard self.unread == nil else { return self.scheduleUnread() }
        guard self.inbox.isReadPending else { return }
        self.inbox.isReadPending = false
        self.context?.read()
    }

    /// A whole message that is there already, if we are on the event loop.
    @usableFromInline
    func takeMessageAtOnce() -> WebSocketMessage? {
        guard self.eventLoop.inEventLoop, let first = self.inbox.pieces.first, first.startsMessage, first.endsMessage
        else { return nil }
        _ = self.takePiece()
        return WebSocketMessage(uncheckedKind: first.kind, bytes: first.bytes)
    }

    /// The next piece in order. From any task, one at a time.
    /// - Returns: nil after an ordinary end of the connection.
    /// - Throws: ``ConnectionClosedError`` after any other end, `CancellationError` if the task is cancelled.
    package func nextPiece() async throws -> MessagePiece? {
        while true {
            switch self.eventLoop.inEventLoop ? self.nextStep() : await self.onLoop({ self.nextStep() }) {
            case .piece(let piece):
                return piece
            case .ended(let outcome):
                guard outcome.isOrdinary else { throw ConnectionClosedError(outcome: outcome) }
                return nil
            case .wait:
                // Asked last: what is there, and the end, count more than a cancellation.
                try Task.checkCancellation()
                await self.waitForPiece()
            }
        }
    }

    private enum NextStep {
        case piece(MessagePiece)
        case ended(CloseOutcome)
        case wait
    }

    @inline(__always)
    private func nextStep() -> NextStep {
        if let piece = self.takePiece() { return .piece(piece) }
        if let outcome = self.closing.outcome { return .ended(outcome) }
        return .wait
    }

    private func waitForPiece() async {
        // On the loop the waiter is in place before a cancellation can get there; only from elsewhere it may come second.
        let ticket = self.eventLoop.inEventLoop ? nil : WaitTicket()
        await withTaskCancellationHandler {
            await withUnsafeContinuation { waiter in
                self.perform {
                    guard self.inbox.pieces.isEmpty, self.closing.phase != .closed, ticket?.isCancelled != true else {
                        return waiter.resume()
                    }
                    precondition(
                        self.inbox.waiter == nil, "one task at a time may iterate the messages of a connection")
                    self.inbox.waiter = waiter
                }
            }
        } onCancel: {
            self.eventLoop.execute {
                ticket?.isCancelled = true
                self.wakeReceiver()
            }
        }
    }
}
