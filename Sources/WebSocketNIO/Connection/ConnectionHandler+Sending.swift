internal import NIOCore
internal import WebSocketProtocol

extension ConnectionHandler {
    /// A payload from this size on is written as it is, beside its header, instead of being copied behind it.
    private static let largePayloadByteCount = 16 * 1024
    /// A cork this full is handed to the channel before the turn ends.
    private static let fullCorkByteCount = 64 * 1024

    /// Sends a message, or queues it behind a message that is being streamed, which only ``sendNow(_:ifSlow:)`` does. On the event loop only.
    /// - Throws: ``ConnectionClosedError`` if a Close was sent or received.
    func send(_ message: OutgoingMessage) throws(ConnectionClosedError) {
        guard self.closing.canSend else { throw ConnectionClosedError(outcome: self.closing.outcome) }
        if self.outbox.isStreaming {
            self.outbox.deferMessage(message)
        } else {
            self.writeMessage(message)
        }
    }

    /// True if a message can be written without a look at policies and queues: the ordinary case.
    @inline(__always)
    var takesMessages: Bool {
        // Nothing is deferred while no message is being streamed.
        self.closing.canSend && self.isChannelWritable && !self.outbox.isStreaming && self.outbox.latest == nil
    }

    @inline(__always)
    func writeMessage(_ message: WebSocketMessage, compress: Bool) {
        if compress && self.handshake.compression != nil {
            self.writeMessage(OutgoingMessage(message, compress: compress))
        } else {
            self.unreportedMessageCount &+= 1
            self.writeFrame(message.kind.opcode, message.bytes)
        }
    }

    func writeMessage(_ message: OutgoingMessage) {
        self.unreportedMessageCount &+= 1
        if let prepared = message.prepared, self.settings.role == .server {
            self.writePrepared(prepared, message)
        } else if self.compresses(message), let deflated = self.compression?.deflate(message.bytes) {
            self.writeFrame(message.kind.opcode, deflated, reservedBits: .rsv1)
        } else {
            self.writeFrame(message.kind.opcode, message.bytes)
        }
    }

    /// Bytes that wait for the peer: not yet with the channel, or the channel's socket is full.
    var isCongested: Bool {
        !self.isChannelWritable || self.outbox.deferredByteCount > self.settings.configuration.sendHighMark
    }

    /// Appends a frame to the cork, to be written at the end of this turn.
    func writeFrame(
        _ opcode: Opcode,
        _ payload: ByteBuffer,
        reservedBits: ReservedBits = [],
        isFinal: Bool = true
    ) {
        let count = payload.readableBytes
        let key = self.settings.role == .client ? self.loop.maskingKeys.nextKey() : nil
        let header = FrameHeader(
            isFinal: isFinal, reservedBits: reservedBits, opcode: opcode, payloadLength: count, maskingKey: key)
        let isLarge = key == nil && count >= self.largePayloadByteCount
        self.openCork()
        self.cork.append(header, copying: isLarge ? nil : payload)
        if isLarge { self.writeCork(before: payload) } else { self.corked() }
    }

    private var largePayloadByteCount: Int {
        // On a stream of HTTP/2 the header would become a frame of DATA of its own.
        self.stream == nil ? ConnectionHandler.largePayloadByteCount : ConnectionHandler.fullCorkByteCount
    }

    /// From this size on a frame that connections share is not copied for each of them.
    private static let sharedFrameByteCount = 1024

    /// Appends a whole frame that was made before.
    func writeFrame(encoded frame: ByteBuffer) {
        guard self.context != nil else { return }
        if self.cork.isEmpty {
            self.cork.share(frame)
        } else if frame.readableBytes < ConnectionHandler.sharedFrameByteCount {
            self.openCork()
            self.cork.append(frame)
        } else {
            return self.writeCork(before: frame)
        }
        self.corked()
    }

    /// Makes the cork ready for a frame to be copied into it.
    @inline(__always)
    private func openCork() {
        guard !self.cork.isOpen, let context = self.context else { return }
        if let frame = self.cork.takeShared(from: ConnectionHandler.sharedFrameByteCount) {
            self.reportSent(byteCount: frame.readableBytes)
            context.write(self.wrapOutboundOut(frame), promise: nil)
            self.hasUnflushedWrites = true
        }
        self.cork.open(self.loop.takeCork())
    }

    private func corked() {
        if self.cork.byteCount >= ConnectionHandler.fullCorkByteCount {
            self.flushCork()
        } else if !self.isBackedUp {
            self.requestFlush()
        }
    }

    /// Writes what is corked, with a frame's header last if there is one, and the rest of that frame as it is.
    private func writeCork(before payload: ByteBuffer) {
        guard let context = self.context else { return }
        let isShared = self.cork.isShared
        let cork = self.cork.finish() ?? ByteBuffer()
        self.reportSent(byteCount: cork.readableBytes + payload.readableBytes)
        let sent = self.idleSocket?.send(cork, payload) ?? 0
        if sent < cork.readableBytes { context.write(self.wrapOutboundOut(cork.dropping(sent)), promise: nil) }
        let rest = payload.dropping(max(0, sent - cork.readableBytes))
        if rest.readableBytes > 0 { context.write(self.wrapOutboundOut(rest), promise: nil) }
        if !isShared { self.loop.giveBackCork(cork) }
        guard sent < cork.readableBytes + payload.readableBytes else { return }
        self.hasUnflushedWrites = true
        if self.isChannelWritable && sent == 0 { self.requestFlush() } else { self.flushCork() }
    }

    /// The socket, if nothing waits in its channel.
    @inline(__always)
    private var idleSocket: SocketAccess? {
        self.isBackedUp || self.hasUnflushedWrites ? nil : self.socket
    }

    func requestFlush() {
        guard !self.isFlushRequested else { return }
        self.isFlushRequested = true
        self.loop.needsFlush(self)
    }

    /// Writes what this turn has corked.
    func flushCork() {
        self.isFlushRequested = false
        guard let context = self.context else { return }
        let mayWait = self.isBackedUp && !self.hasUnflushedWrites
        if mayWait && self.cork.byteCount < ConnectionHandler.fullCorkByteCount { return }
        let isShared = self.cork.isShared
        if let cork = self.cork.finish() {
            self.reportSent(byteCount: cork.readableBytes)
            let sent = self.idleSocket?.send(cork) ?? 0
            if sent < cork.readableBytes {
                self.hasUnflushedWrites = false
                context.writeAndFlush(self.wrapOutboundOut(cork.dropping(sent)), promise: nil)
                self.noticeBackUp(context)
            }
            if !isShared { self.loop.giveBackCork(cork) }
        } else if self.hasUnflushedWrites {
            self.hasUnflushedWrites = false
            context.flush()
            self.noticeBackUp(context)
        }
    }

    /// If the socket is full, waits for it to take everything. The channel alone would keep each frame with buffer and
    /// bookkeeping of its own, many times the bytes of a short one, and a peer that does not read makes them pile up.
    private func noticeBackUp(_ context: ChannelHandlerContext) {
        guard !self.isBackedUp else { return }
        guard self.channelByteCount > self.tolerableChannelByteCount else {
            // From here on nobody but us writes to the channel.
            if self.isOnSocket && self.socket == nil { self.socket = SocketAccess(context.channel) }
            return
        }
        self.isBackedUp = true
        let taken = context.eventLoop.makePromise(of: Void.self)
        taken.futureResult.assumeIsolated().whenComplete { _ in
            self.isBackedUp = false
            self.flushCork()
        }
        // Done when everything before it is.
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer()), promise: taken)
    }

    /// A connection of HTTP/2 writes what its streams give it at the end of a read only.
    private var tolerableChannelByteCount: Int {
        self.stream == nil ? 0 : ConnectionHandler.largePayloadByteCount
    }

    func reportSent(byteCount: Int) {
        self.metrics.sent(messages: self.unreportedMessageCount, bytes: byteCount)
        if self.unreportedMessageCount > 0 { self.keepAlive.carriedMessage() }
        self.unreportedMessageCount = 0
    }

    /// The socket takes bytes again.
    func drained() {
        if let payload = self.pendingPong.take(), self.closing.canReceive {
            self.writeFrame(.pong, payload)
        }
        self.sendLatest()
        self.outbox.wakeWaiters()
        self.onDrain?(self.connection)
    }

    /// Sends the message of ``SlowReaderPolicy/keepLatest`` that waits, unless another is being streamed.
    func sendLatest() {
        guard !self.outbox.isStreaming, self.closing.canSend, let latest = self.outbox.latest.take() else { return }
        self.writeMessage(latest)
    }

    func receivedPing(_ payload: ByteBuffer) {
        // A peer that pings without reading gets one pong for all of them, and no memory of ours (§5.5.3).
        if self.isChannelWritable {
            self.writeFrame(.pong, payload)
        } else {
            self.pendingPong = payload
        }
    }
}

extension ByteBuffer {
    /// Without the first `byteCount` readable bytes.
    fileprivate func dropping(_ byteCount: Int) -> ByteBuffer {
        var rest = self
        rest.moveReaderIndex(forwardBy: byteCount)
        return rest
    }
}

// MARK: - Waiting for room

extension ConnectionHandler {
    /// Sends if that needs no waiting: we are on the event loop, the peer keeps up, and nobody streams a message.
    /// - Returns: false if nothing was sent.
    @usableFromInline
    func sendAtOnce(_ message: WebSocketMessage, compress: Bool) -> Bool {
        guard self.eventLoop.inEventLoop, self.takesMessages else { return false }
        self.writeMessage(message, compress: compress)
        return true
    }

    /// Waits until the peer keeps up and nobody streams a message, then sends. From any task.
    ///
    /// A message that waits is in its task, not in a queue of ours: however many tasks send and are cancelled, what piles up
    /// is bounded, and one that was not sent is not taken for sent.
    @usableFromInline
    func sendWithBackPressure(_ message: WebSocketMessage, compress: Bool) async throws {
        let message = OutgoingMessage(message, compress: compress)
        while true {
            let isSent = try await self.onLoop {
                guard self.closing.canSend else { throw ConnectionClosedError(outcome: self.closing.outcome) }
                guard !self.mustWait else { return false }
                try self.send(message)
                return true
            }
            if isSent { return }
            try await self.wait { self.mustWait }
        }
    }

    private var mustWait: Bool { self.isCongested || self.outbox.isStreaming }

    /// Returns when `condition` does not hold, which is looked at on the event loop each time that sending has moved on.
    /// - Throws: ``ConnectionClosedError`` if the connection is closing while it holds; `CancellationError`.
    func wait(while condition: @Sendable @escaping () -> Bool) async throws {
        while true {
            let mustWait = try await self.onLoop {
                guard condition() else { return false }
                guard self.closing.canSend else { throw ConnectionClosedError(outcome: self.closing.outcome) }
                return true
            }
            guard mustWait else { return }
            try Task.checkCancellation()
            let ticket = WaitTicket()
            await withTaskCancellationHandler {
                await withCheckedContinuation { waiter in
                    self.perform {
                        guard condition(), self.closing.canSend, !ticket.isCancelled else { return waiter.resume() }
                        self.outbox.addWaiter(ticket, waiter)
                    }
                }
            } onCancel: {
                self.eventLoop.execute {
                    ticket.isCancelled = true
                    self.outbox.removeWaiter(ticket)?.resume()
                }
            }
        }
    }

    /// Sends without waiting; what happens to a peer that does not read is up to the policy. On the event loop only.
    /// - Returns: false if the message was dropped or the connection is not open.
    func sendNow(_ message: OutgoingMessage, ifSlow policy: SlowReaderPolicy) -> Bool {
        guard self.closing.canSend else { return false }
        // A message must not overtake an older one that waits as the latest.
        let replacesLatest = policy == .keepLatest && self.outbox.latest != nil
        if replacesLatest || self.isCongested && !self.hasRoom(for: message.bytes.readableBytes) {
            switch policy {
            case .dropNewest:
                return false
            case .keepLatest:
                self.outbox.latest = message
                return true
            case .close:
                self.fail(.tryAgainLater, "too slow to keep up")
                return false
            }
        }
        do throws(ConnectionClosedError) {
            try self.send(message)
            return true
        } catch {
            return false
        }
    }

    /// True if a message may pile up behind a peer that does not read; it counts as piled up from then on.
    private func hasRoom(for byteCount: Int) -> Bool {
        let configuration = self.settings.configuration
        let isShort = self.loop.congestedByteCount + byteCount > configuration.sharedSendLimit
        let limit = isShort ? min(configuration.sendHighMark, configuration.sendLimit) : configuration.sendLimit
        guard self.outboundByteCount + byteCount <= limit else { return false }
        self.congestedByteCount += byteCount
        self.loop.congestedByteCount += byteCount
        return true
    }

    /// The socket takes bytes again, or the connection is over.
    func forgetCongestion() {
        self.loop.congestedByteCount -= self.congestedByteCount
        self.congestedByteCount = 0
    }

    /// Bytes accepted for sending that the socket has not taken.
    package var outboundByteCount: Int {
        self.channelByteCount + self.cork.byteCount + self.outbox.deferredByteCount
    }

    private var channelByteCount: Int {
        if let stream = self.stream { return stream.pendingByteCount }
        return (try? self.context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }
}
