public import NIOCore
package import WebSocketProtocol

/// Sending a message in fragments (RFC 6455 §5.4): one at a time, and nothing but control frames in between.
extension ConnectionHandler {
    /// Runs `body` while this task alone may send data frames.
    ///
    /// When `body` returns, the message ends with a final fragment. When it throws, the connection fails with 1011: a
    /// message that was cut short must never look whole.
    package func stream<Result>(
        _ kind: MessageKind,
        compress: Bool,
        _ body: (MessageWriter) async throws -> Result
    ) async throws -> Result {
        try await self.beginStream()
        let state = MessageWriter.State(kind: kind, compression: compress ? self.handshake.compression : nil)
        do {
            let result = try await body(MessageWriter(handler: self, state: state))
            try await self.onLoop { try self.endStream(state) }
            return result
        } catch {
            await self.onLoop { self.abortStream(state) }
            throw error
        }
    }

    private func beginStream() async throws {
        while true {
            let hasBegun = try await self.onLoop {
                guard self.closing.canSend else { throw ConnectionClosedError(outcome: self.closing.outcome) }
                guard !self.outbox.isStreaming else { return false }
                self.outbox.isStreaming = true
                return true
            }
            if hasBegun { return }
            try await self.wait { self.outbox.isStreaming }
        }
    }

    /// Sends one fragment.
    fileprivate func write(_ bytes: ByteBuffer, _ state: MessageWriter.State) async throws {
        try await self.onLoop {
            guard self.closing.canSend else { throw ConnectionClosedError(outcome: self.closing.outcome) }
            precondition(!state.isFinished, "the message has ended: a MessageWriter is of use inside its closure only")
            if state.kind == .text {
                guard bytes.withUnsafeReadableBytes({ state.validator.validate($0) }) else { throw InvalidTextError() }
            }
            self.writeFragment(bytes, isFinal: false, state)
        }
        // What is deferred can't leave before this message has ended, so only the socket counts.
        try await self.wait { !self.isChannelWritable }
    }

    private func writeFragment(_ bytes: ByteBuffer, isFinal: Bool, _ state: MessageWriter.State) {
        let opcode = state.hasBegun ? .continuation : state.kind.opcode
        if state.compression != nil, let compression = self.compression {
            let piece = isFinal ? compression.endPieces() : compression.deflatePiece(bytes)
            guard let piece else { return self.fail(.internalError, "compression failed") }
            // Only the first frame says that the message is compressed (RFC 7692 §6.1).
            self.writeFrame(opcode, piece, reservedBits: state.hasBegun ? [] : .rsv1, isFinal: isFinal)
        } else {
            self.writeFrame(opcode, bytes, isFinal: isFinal)
        }
        state.hasBegun = true
    }

    private func endStream(_ state: MessageWriter.State) throws {
        guard self.closing.canSend else { throw ConnectionClosedError(outcome: self.closing.outcome) }
        guard state.validator.isAtBoundary else { throw InvalidTextError() }
        self.writeFragment(ByteBuffer(), isFinal: true, state)
        self.unreportedMessageCount += 1
        self.finishStream(state)
    }

    private func abortStream(_ state: MessageWriter.State) {
        guard !state.isFinished else { return }
        // A message of which nothing was sent needs no end.
        if state.hasBegun { self.fail(.internalError, "message cut short") }
        self.finishStream(state)
    }

    /// Lets those go on that waited: first messages that are in our hands, then tasks.
    private func finishStream(_ state: MessageWriter.State) {
        state.isFinished = true
        self.outbox.isStreaming = false
        while self.closing.canSend, let message = self.outbox.nextDeferred() {
            self.writeMessage(message)
        }
        if !self.isCongested {
            self.forgetCongestion()
            self.sendLatest()
        }
        self.outbox.wakeWaiters()
    }
}

/// Sends a message piece by piece; each piece becomes a fragment. Valid inside the closure it was handed to.
public struct MessageWriter: Sendable {
    final class State: @unchecked Sendable {
        // Safety: touched on the connection's event loop only.
        let kind: MessageKind
        let compression: DeflateAgreement?
        var validator = UTF8Validator()
        var hasBegun = false
        var isFinished = false

        init(kind: MessageKind, compression: DeflateAgreement?) {
            self.kind = kind
            self.compression = compression
        }
    }

    let handler: ConnectionHandler
    let state: State

    /// Sends a fragment, and returns when the peer keeps up.
    ///
    /// A code point of a text message may be split over several calls.
    /// - Throws: ``ConnectionClosedError``; ``InvalidTextError`` if a text message would not be UTF-8.
    public func write(_ bytes: ByteBuffer) async throws {
        try await self.handler.write(bytes, self.state)
    }

    /// Sends a fragment, and returns when the peer keeps up.
    public func write(_ text: String) async throws {
        try await self.write(ByteBuffer(string: text))
    }

    /// Sends a fragment, and returns when the peer keeps up.
    public func write(_ bytes: some Sequence<UInt8>) async throws {
        try await self.write(ByteBuffer(bytes: bytes))
    }
}
