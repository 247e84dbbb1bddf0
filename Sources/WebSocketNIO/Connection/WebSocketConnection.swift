public import NIOCore
public import WebSocketProtocol

/// An open WebSocket connection, server's or client's.
///
/// All of it may be used from any task. It is fastest on the connection's own event loop, where the handlers of servers
/// and `WebSocketClient.withConnection` run: sending and receiving then take no thread hop and no lock.
public struct WebSocketConnection: Sendable {
    @usableFromInline package let handler: ConnectionHandler

    package init(_ handler: ConnectionHandler) {
        self.handler = handler
    }

    /// A number that no other connection of this process has.
    public var id: UInt64 { self.handler.id }

    /// What the opening handshake told: request, subprotocol, address of the peer.
    public var handshake: HandshakeInformation { self.handler.handshake }

    /// The event loop that the connection lives on.
    public var eventLoop: any EventLoop { self.handler.eventLoop }
}

extension WebSocketConnection: Hashable {
    public static func == (lhs: WebSocketConnection, rhs: WebSocketConnection) -> Bool {
        lhs.handler === rhs.handler
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(self.handler))
    }
}

// MARK: - Sending

extension WebSocketConnection {
    /// Sends a message as soon as the peer keeps up: it suspends while more than
    /// ``ConnectionConfiguration/sendHighMark`` bytes wait for the peer, or while another message is being streamed.
    ///
    /// Messages of concurrent senders go out one after the other, whole.
    /// - Parameters:
    ///   - message: text or bytes.
    ///   - compress: false to send it as it is even where compression was agreed on: for secrets, and for what is
    ///     compressed already.
    /// - Throws: ``ConnectionClosedError`` if the connection is closing or closed, `CancellationError` if the task is
    ///   cancelled while it waits; nothing was sent then.
    // Inlined, so that a message that needs no waiting costs the caller no call of an async function, which is dearer than all
    // the rest.
    @inlinable
    @inline(__always)
    public func send(_ message: WebSocketMessage, compress: Bool = true) async throws {
        if self.handler.sendAtOnce(message, compress: compress) { return }
        try await self.handler.sendWithBackPressure(message, compress: compress)
    }

    /// Sends a text message. See ``send(_:compress:)``.
    public func send(_ text: String) async throws {
        try await self.send(WebSocketMessage(text))
    }

    /// Sends a binary message. See ``send(_:compress:)``.
    public func send(_ bytes: ByteBuffer) async throws {
        try await self.send(WebSocketMessage(bytes))
    }

    /// Sends a binary message. See ``send(_:compress:)``.
    public func send(_ bytes: some Sequence<UInt8>) async throws {
        try await self.send(WebSocketMessage(bytes))
    }

    /// Sends one message in pieces, each as a fragment (RFC 6455 §5.4), without holding all of it in memory.
    ///
    /// Messages sent meanwhile wait until this one has ended; pings and pongs do not. If `body` throws after the first
    /// piece, the connection fails with 1011: a message that was cut short never looks whole.
    public func stream<Result>(
        _ kind: MessageKind,
        compress: Bool = true,
        _ body: (MessageWriter) async throws -> Result
    ) async throws -> Result {
        try await self.handler.stream(kind, compress: compress, body)
    }

    /// Sends a ping (RFC 6455 §5.5.2).
    /// - Returns: the time until its pong arrived.
    @discardableResult
    public func ping() async throws -> Duration {
        try await self.handler.ping()
    }
}

// MARK: - Receiving

extension WebSocketConnection {
    /// The received messages, in order. One task at a time may iterate them.
    ///
    /// The sequence ends when the connection was closed in the ordinary way (1000, 1001 or no code). It throws
    /// ``ConnectionClosedError``, which has the words of both sides, after any other end.
    public var messages: Messages { Messages(handler: self.handler) }

    public struct Messages: AsyncSequence, Sendable {
        let handler: ConnectionHandler

        public func makeAsyncIterator() -> Iterator { Iterator(handler: self.handler) }

        public struct Iterator: AsyncIteratorProtocol {
            @usableFromInline let handler: ConnectionHandler

            @inlinable
            @inline(__always)
            public mutating func next() async throws -> WebSocketMessage? {
                try await self.next(isolation: nil)
            }

            // Inlined for the reason that `send` is.
            @inlinable
            @inline(__always)
            public mutating func next(isolation: isolated (any Actor)?) async throws -> WebSocketMessage? {
                if let message = self.handler.takeMessageAtOnce() { return message }
                return try await self.nextAfterWaiting()
            }

            @usableFromInline
            func nextAfterWaiting() async throws -> WebSocketMessage? {
                guard let piece = try await self.handler.nextPiece() else { return nil }
                if piece.startsMessage && piece.endsMessage {
                    return WebSocketMessage(uncheckedKind: piece.kind, bytes: piece.bytes)
                }
                return try await self.gather(piece)
            }

            /// Puts the pieces of streamed delivery together, up to the message limit.
            private func gather(_ first: MessagePiece) async throws -> WebSocketMessage? {
                var bytes = first.bytes
                var isComplete = first.endsMessage
                while !isComplete {
                    guard let piece = try await self.handler.nextPiece() else { return nil }
                    bytes.writeImmutableBuffer(piece.bytes)
                    isComplete = piece.endsMessage
                    let limit = self.handler.settings.configuration.limits.maximumMessageByteCount
                    guard bytes.readableBytes <= limit else {
                        let handler = self.handler
                        await handler.onLoop { handler.fail(ProtocolViolation.messageTooBig) }
                        throw ConnectionClosedError(outcome: nil)
                    }
                }
                return WebSocketMessage(uncheckedKind: first.kind, bytes: bytes)
            }
        }
    }

    /// The received messages as streams of pieces, for messages that need not be whole to be of use.
    ///
    /// Set ``ConnectionConfiguration/delivery`` to ``MessageDelivery/streamed`` to get pieces as bytes arrive; with whole
    /// delivery each message is one piece. What is not read of a message is skipped when the next one is asked for.
    public var messageStreams: MessageStreams { MessageStreams(handler: self.handler) }

    public struct MessageStreams: AsyncSequence, Sendable {
        let handler: ConnectionHandler

        public func makeAsyncIterator() -> Iterator { Iterator(handler: self.handler) }

        public struct Iterator: AsyncIteratorProtocol {
            let handler: ConnectionHandler
            private var current: MessageStream?

            init(handler: ConnectionHandler) {
                self.handler = handler
            }

            public mutating func next() async throws -> MessageStream? {
                if let current = self.current {
                    var rest = current.makeAsyncIterator()
                    while try await rest.next() != nil {}
                }
                guard let first = try await self.handler.nextPiece() else { return nil }
                let stream = MessageStream(handler: self.handler, first: first)
                self.current = stream
                return stream
            }
        }
    }
}

/// One message, piece by piece. The pieces of a text message are UTF-8 together; one alone may end inside a code point.
public struct MessageStream: AsyncSequence, Sendable {
    public let kind: MessageKind
    private let source: Source

    final class Source: @unchecked Sendable {
        // Safety: used by the one task that iterates the connection's messages.
        let handler: ConnectionHandler
        var first: MessagePiece?
        var isComplete = false

        init(handler: ConnectionHandler, first: MessagePiece) {
            self.handler = handler
            self.first = first
        }
    }

    init(handler: ConnectionHandler, first: MessagePiece) {
        self.kind = first.kind
        self.source = Source(handler: handler, first: first)
    }

    public func makeAsyncIterator() -> Iterator { Iterator(source: self.source) }

    public struct Iterator: AsyncIteratorProtocol {
        let source: Source

        /// - Throws: ``ConnectionClosedError`` if the connection ends inside the message.
        public mutating func next() async throws -> ByteBuffer? {
            guard !self.source.isComplete else { return nil }
            var piece = self.source.first.take()
            if piece == nil { piece = try await self.source.handler.nextPiece() }
            guard let piece else { throw ConnectionClosedError(outcome: nil) }
            self.source.isComplete = piece.endsMessage
            return piece.bytes
        }
    }
}

// MARK: - Closing

extension WebSocketConnection {
    /// Closes the connection: sends a Close frame, waits for the peer's and for the end of the transport, not longer
    /// than ``ConnectionConfiguration/closeTimeout`` each.
    ///
    /// - Parameters:
    ///   - code: 1000–1003, 1007–1014 (1010 from a client only) or 3000–4999; nil for a Close frame without code and reason.
    ///   - reason: at most 123 bytes of UTF-8.
    /// - Returns: the words of both sides. If the connection was closing before, how that ended.
    /// - Throws: `CloseArgumentError` for a code or a reason that can't be sent.
    @discardableResult
    public func close(
        code: CloseCode? = .normalClosure,
        reason: String = ""
    ) async throws -> CloseOutcome {
        let handler = self.handler
        let payload = try ClosePayload(code: code, reason: reason, role: handler.settings.role)
        await handler.onLoop { handler.startClosing(payload) }
        return await handler.closed()
    }

    /// How the connection ended; suspends until it has.
    public var closed: CloseOutcome {
        get async { await self.handler.closed() }
    }

    /// The round-trip time of the last keep-alive ping; nil before the first pong.
    public var roundTripTime: Duration? {
        get async {
            let handler = self.handler
            return await handler.onLoop { handler.keepAlive.roundTripTime }
        }
    }
}

// MARK: - Callbacks

/// The connection driven synchronously on its event loop: no task, no suspension, the last twenty per cent of speed.
///
/// These methods trap off the loop; `connection.eventLoop.execute` goes there. A callback must not block: it holds up
/// every other connection of the loop.
extension WebSocketConnection {
    /// Calls back with every message, instead of handing it to ``messages``.
    public func onMessage(_ callback: @escaping (WebSocketConnection, WebSocketMessage) -> Void) {
        self.handler.eventLoop.preconditionInEventLoop()
        self.handler.onMessage = callback
        self.handler.deliverWaitingMessages()
    }

    /// Calls back when the peer takes bytes again after ``isCongested`` was true.
    public func onDrain(_ callback: @escaping (WebSocketConnection) -> Void) {
        self.handler.eventLoop.preconditionInEventLoop()
        self.handler.onDrain = callback
    }

    /// Calls back once, when the connection has ended; at once if it already has.
    public func onClose(_ callback: @escaping (CloseOutcome) -> Void) {
        self.handler.eventLoop.preconditionInEventLoop()
        if let outcome = self.handler.closing.outcome { return callback(outcome) }
        self.handler.onClose.append(callback)
    }

    /// Sends without suspending.
    /// - Parameters:
    ///   - message: text or bytes.
    ///   - compress: false to send it as it is even where compression was agreed on.
    ///   - policy: what happens when ``ConnectionConfiguration/sendLimit`` bytes wait for a peer that does not read.
    /// - Returns: false if the message was dropped or the connection is not open.
    @discardableResult
    public func sendNow(
        _ message: WebSocketMessage,
        compress: Bool = true,
        ifSlow policy: SlowReaderPolicy = .close
    ) -> Bool {
        self.handler.eventLoop.preconditionInEventLoop()
        guard self.handler.takesMessages else {
            return self.handler.sendNow(OutgoingMessage(message, compress: compress), ifSlow: policy)
        }
        self.handler.writeMessage(message, compress: compress)
        return true
    }

    /// Sends without suspending what is sent to other connections, too.
    /// - Returns: false if the message was dropped or the connection is not open.
    @discardableResult
    public func sendNow(_ prepared: PreparedMessage, ifSlow policy: SlowReaderPolicy = .close) -> Bool {
        self.handler.eventLoop.preconditionInEventLoop()
        let message = prepared.message
        let outgoing = OutgoingMessage(
            kind: message.kind, bytes: message.bytes, mayBeCompressed: prepared.compress, prepared: prepared)
        return self.handler.sendNow(outgoing, ifSlow: policy)
    }

    /// Sends a ping (RFC 6455 §5.5.2), and calls back with the time until its pong arrived, or with
    /// ``ConnectionClosedError`` if none can come any more.
    public func ping(_ answered: @escaping (Result<Duration, any Error>) -> Void) {
        self.handler.eventLoop.preconditionInEventLoop()
        self.handler.ping { answered($0) }
    }

    /// Starts to close without waiting for the end; ``onClose(_:)`` tells of it.
    /// - Throws: `CloseArgumentError` for a code or a reason that can't be sent.
    public func startClosing(code: CloseCode? = .normalClosure, reason: String = "") throws(CloseArgumentError) {
        self.handler.eventLoop.preconditionInEventLoop()
        self.handler.startClosing(try ClosePayload(code: code, reason: reason, role: self.handler.settings.role))
    }

    /// True while more waits for the peer than the transport takes.
    public var isCongested: Bool {
        self.handler.eventLoop.preconditionInEventLoop()
        return self.handler.isCongested
    }

    /// Stops reading from the socket, so that the peer has to wait; pings are not answered meanwhile.
    public func pauseReading() {
        self.handler.eventLoop.preconditionInEventLoop()
        self.handler.inbox.isPausedByApplication = true
        self.handler.updateReadPause()
    }

    /// Takes back ``pauseReading()``.
    public func resumeReading() {
        self.handler.eventLoop.preconditionInEventLoop()
        self.handler.inbox.isPausedByApplication = false
        self.handler.updateReadPause()
    }
}
