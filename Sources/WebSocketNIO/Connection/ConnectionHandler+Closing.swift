internal import Logging
internal import NIOCore
package import WebSocketProtocol

/// The end of a connection (RFC 6455 §7): carries out what ``CloseHandshake`` decides.
extension ConnectionHandler {
    /// Starts the closing handshake. Does nothing if it has started. On the event loop only.
    package func startClosing(_ payload: ClosePayload) {
        switch self.closing.close(payload, now: DeadlineWheel.now()) {
        case .sendClose(let payload):
            self.writeClose(payload)
            self.scheduleDeadline()
            self.resumeReading()
        case .ignore:
            break
        }
    }

    /// The peer broke a rule (§7.1.7).
    func fail(_ violation: ProtocolViolation) {
        self.logger.debug("protocol violation", metadata: ["violation": "\(violation)"])
        self.fail(ClosePayload(violation), violation: violation)
    }

    /// We can't or won't go on.
    package func fail(_ code: CloseCode, _ reason: String) {
        self.fail(ClosePayload(uncheckedCode: code, reason: reason), violation: nil)
    }

    private func fail(_ payload: ClosePayload, violation: ProtocolViolation?) {
        switch self.closing.fail(payload, violation: violation, now: DeadlineWheel.now()) {
        case .sendCloseAndCloseTransport(let payload):
            self.writeClose(payload)
            self.closeTransport()
        case .closeTransport:
            self.closeTransport()
        case .ignore:
            break
        }
    }

    func receivedClose(_ payload: ClosePayload) {
        switch self.closing.receivedClose(payload, now: DeadlineWheel.now()) {
        case .reply(let reply, let transport):
            self.writeClose(reply)
            self.carryOut(transport)
        case .finish(let transport):
            self.carryOut(transport)
        case .ignore:
            break
        }
    }

    private func carryOut(_ action: CloseHandshake.TransportAction) {
        switch action {
        case .closeNow:
            self.closeTransport()
        case .awaitPeer:
            self.flushCork()
            self.scheduleDeadline()
            self.resumeReading()
            self.outbox.abandon()
        }
    }

    private func writeClose(_ payload: ClosePayload) {
        // What was queued behind a streamed message can't be sent any more.
        self.writeFrame(.close, ByteBuffer(bytes: payload.encoded))
        self.outbox.abandon()
    }

    /// Says that nothing more comes, and goes on reading until the peer has said the same: closing at once, with bytes
    /// unread, would make the kernel reset the connection and take our Close frame with it (§7.1.1).
    private func closeTransport() {
        guard let context = self.context else { return }
        self.scheduleDeadline()
        self.resumeReading()
        let promise = context.eventLoop.makePromise(of: Void.self)
        let cork = self.cork.finish() ?? ByteBuffer()
        self.reportSent(byteCount: cork.readableBytes)
        self.hasUnflushedWrites = false
        context.writeAndFlush(self.wrapOutboundOut(cork), promise: promise)
        promise.futureResult.assumeIsolated().whenComplete { _ in
            guard let context = self.context else { return }
            context.close(mode: .output).assumeIsolated().whenFailure { _ in
                // A transport that can't be closed by halves.
                self.context?.close(promise: nil)
            }
        }
    }

    /// Drops the connection without ceremony. On the event loop only.
    package func drop() {
        self.context?.close(promise: nil)
    }

    /// The transport is gone: everybody who waits is told. Safe to call more than once.
    func transportClosed() {
        self.stopHolding()
        self.takeInUnread(untilEnd: true)
        guard self.closing.phase != .closed else { return }
        let outcome = self.closing.transportClosed()
        self.loop.deadlines.remove(self)
        self.context = nil
        self.cork = Cork()
        self.socket = nil
        self.gathering = nil
        self.dropCompression()
        self.forgetCongestion()
        // What nobody has taken can still be taken, but waits no longer for a connection to go on.
        self.metrics.queueChanged(by: -self.inbox.pieces.count)
        self.metrics.connectionClosed(outcome)
        self.logger.debug("closed", metadata: ["outcome": "\(outcome)"])
        self.outbox.abandon()
        self.wakeReceiver()
        let pingWaiters = self.pingWaiters
        self.pingWaiters.removeAll()
        for waiter in pingWaiters { waiter.answered(.failure(ConnectionClosedError(outcome: outcome))) }
        for waiter in self.closeWaiters { waiter.resume(returning: outcome) }
        self.closeWaiters.removeAll()
        let callbacks = self.onClose
        self.onClose.removeAll()
        self.onMessage = nil
        self.onDrain = nil
        for callback in callbacks { callback(outcome) }
    }

    /// How the connection ended, once it has.
    package func closed() async -> CloseOutcome {
        await withCheckedContinuation { waiter in
            self.perform {
                if let outcome = self.closing.outcome { return waiter.resume(returning: outcome) }
                self.closeWaiters.append(waiter)
            }
        }
    }
}
