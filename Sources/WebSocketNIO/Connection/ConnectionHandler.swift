internal import Logging
package import NIOCore
internal import Synchronization
internal import WebSocketProtocol

/// All the WebSocket work of one connection, in one channel handler: bytes in, messages out, and back.
///
/// It sits at the end of a pipeline that delivers plain bytes: TCP, TLS or an HTTP/2 stream. A chain of handlers that
/// box every frame costs several times as much per message. Topics of their own are in extensions: `+Receiving`,
/// `+Sending`, `+Streaming`, `+Closing`, `+Deadlines`, `+Holding`, `+Hopping`, and beside `Inbox`.
@usableFromInline
package final class ConnectionHandler: ChannelDuplexHandler, DeadlineTarget, @unchecked Sendable {
    // Safety: every stored property that is not a `let` is touched on `eventLoop` only. Code that comes from elsewhere
    // hops there first. For the same reason their exclusivity is not checked at run time, which would cost a third of
    // the time of a small message: no access to a property of a connection is open while another begins.

    package typealias InboundIn = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    package let eventLoop: any EventLoop
    package let settings: ConnectionSettings
    package let handshake: HandshakeInformation
    /// Unique in this process; on every log line of the connection.
    package let id: UInt64
    let loop: LoopContext
    let metrics: LoopMetrics
    /// Pieces of messages are delivered as they arrive.
    let isStreamed: Bool
    /// What the connection runs over, if that is a stream of HTTP/2 and not a socket.
    let stream: StreamTransport?
    @exclusivity(unchecked) var context: ChannelHandlerContext?
    /// permessage-deflate: nothing until it is used.
    @exclusivity(unchecked) private var lazyCompression: ConnectionCompression?

    // Receiving
    @exclusivity(unchecked) var receiver: FrameReceiver
    @exclusivity(unchecked) var textValidator = UTF8Validator()
    /// The message that is being gathered from fragments or reads.
    @exclusivity(unchecked) var gathering: ByteBuffer?
    /// When the message that has begun must have ended.
    @exclusivity(unchecked) var messageDeadline: MonotonicTime?
    @exclusivity(unchecked) var inbox = Inbox()
    /// Bytes that arrived before the application was ready; nil once it is.
    @exclusivity(unchecked) var held: [ByteBuffer]?
    /// The rest of a read that inflated to a lot; it is taken in bit by bit.
    @exclusivity(unchecked) var unread: ByteBuffer?
    @exclusivity(unchecked) var isUnreadScheduled = false
    /// Callback mode: messages go here instead of into the inbox.
    @exclusivity(unchecked) var onMessage: ((WebSocketConnection, WebSocketMessage) -> Void)?

    // Sending
    /// Frames of this turn that are not yet with the channel.
    @exclusivity(unchecked) var cork = Cork()
    /// The channel is a socket's, and nothing is between it and this handler.
    @exclusivity(unchecked) var isOnSocket = false
    /// For writing to the socket directly; set once nobody else has anything to write.
    @exclusivity(unchecked) var socket: SocketAccess?
    /// Large payloads were handed to the channel and wait for a flush.
    @exclusivity(unchecked) var hasUnflushedWrites = false
    @exclusivity(unchecked) var isFlushRequested = false
    /// The socket has not taken all that it was given. Small frames then wait in the cork, side by side.
    @exclusivity(unchecked) var isBackedUp = false
    /// Messages sent since the last flush, for the metrics.
    @exclusivity(unchecked) var unreportedMessageCount = 0
    @exclusivity(unchecked) var isChannelWritable = true
    /// Bytes written since the socket is full; part of ``LoopContext/congestedByteCount``.
    @exclusivity(unchecked) var congestedByteCount = 0
    /// The most recent ping that could not be answered because the peer does not read (§5.5.3: one pong is enough).
    @exclusivity(unchecked) var pendingPong: ByteBuffer?
    @exclusivity(unchecked) var outbox = Outbox()
    @exclusivity(unchecked) var onDrain: ((WebSocketConnection) -> Void)?

    // Keeping alive and closing
    @exclusivity(unchecked) var keepAlive: KeepAlive
    let ageDeadline: MonotonicTime?
    @exclusivity(unchecked) var closing: CloseHandshake
    @exclusivity(unchecked) var pingWaiters: [PingWaiter] = []
    @exclusivity(unchecked) var closeWaiters: [CheckedContinuation<CloseOutcome, Never>] = []
    @exclusivity(unchecked) var onClose: [(CloseOutcome) -> Void] = []
    @exclusivity(unchecked) package var deadlineTick: Int64?

    /// Above this NIO calls a channel not writable unless told otherwise.
    private static let channelsOwnHighMark = 64 * 1024
    private static let lastID = Atomic<UInt64>(0)

    /// Makes the handler of a connection whose opening handshake is complete. On the channel's event loop only.
    /// - Parameter stream: is in front of it in the pipeline, if the connection is a stream of HTTP/2.
    package init(
        loop: LoopContext, settings: ConnectionSettings, handshake: HandshakeInformation, stream: StreamTransport? = nil
    ) {
        self.stream = stream
        self.eventLoop = loop.eventLoop
        self.loop = loop
        self.settings = settings
        self.handshake = handshake
        self.id = ConnectionHandler.lastID.add(1, ordering: .relaxed).newValue
        self.metrics = loop.metrics(for: settings.role)
        var limits = settings.configuration.limits
        self.isStreamed = settings.configuration.delivery == .streamed
        if self.isStreamed { limits.maximumMessageByteCount = .max }
        self.receiver = FrameReceiver(
            role: settings.role,
            limits: limits,
            allowedReservedBits: handshake.compression == nil ? [] : .rsv1
        )
        let now = DeadlineWheel.now()
        self.keepAlive = KeepAlive(
            settings.configuration.keepAlive, now: now, random: loop.maskingKeys.nextWord())
        self.ageDeadline = ConnectionHandler.ageDeadline(
            settings.configuration, now: now, random: loop.maskingKeys.nextWord())
        self.closing = CloseHandshake(role: settings.role, timeout: settings.configuration.closeTimeout)
    }

    /// What compresses and decompresses; nil if the handshake did not agree on that.
    var compression: ConnectionCompression? {
        if let compression = self.lazyCompression { return compression }
        guard let agreement = self.handshake.compression else { return nil }
        let configuration = self.settings.configuration.compression ?? CompressionConfiguration()
        let compression = ConnectionCompression(agreement, configuration, loop: self.loop)
        self.lazyCompression = compression
        return compression
    }

    /// True once the connection has a history to remember.
    var hasCompressed: Bool { self.lazyCompression != nil }

    func dropCompression() {
        self.lazyCompression = nil
    }

    /// True until either side has said goodbye. On the event loop only.
    package var isOpen: Bool { self.closing.phase == .open }

    /// The connection as applications see it.
    package var connection: WebSocketConnection { WebSocketConnection(self) }

    var logger: Logger {
        var logger = self.settings.logger
        logger[metadataKey: "connection"] = "\(self.id)"
        return logger
    }
}

// MARK: - Life in the pipeline

extension ConnectionHandler {
    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let highMark = max(1, self.settings.configuration.sendHighMark)
        // The mark of a stream is set where the streams are made; its channel knows no such option.
        if highMark != ConnectionHandler.channelsOwnHighMark && self.stream == nil {
            let marks = ChannelOptions.Types.WriteBufferWaterMark(low: (highMark + 1) / 2, high: highMark)
            try? context.channel.syncOptions?.setOption(.writeBufferWaterMark, value: marks)
        }
        self.isChannelWritable = context.channel.isWritable
        self.metrics.connectionOpened()
        self.scheduleDeadline()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.transportClosed()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        self.transportClosed()
        context.fireChannelInactive()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.logger.debug("transport failed", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = self.unwrapInboundIn(data)
        guard self.held == nil, self.unread == nil else {
            self.held?.append(buffer)
            self.unread?.writeImmutableBuffer(buffer)
            return
        }
        let isOutermost = self.loop.beginRead()
        self.received(buffer)
        self.loop.receiveBuffer.giveBack(buffer)
        self.loop.endRead(isOutermost: isOutermost)
    }

    package func read(context: ChannelHandlerContext) {
        if self.held != nil || self.unread != nil || !self.readsOn {
            self.inbox.isReadPending = true
        } else {
            context.read()
        }
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.isChannelWritable = context.channel.isWritable
        if self.isChannelWritable {
            self.forgetCongestion()
            self.drained()
        }
        context.fireChannelWritabilityChanged()
    }
}

extension ConnectionHandler {
    /// Says that nothing is between the channel and this handler, and that the channel is a socket's: what the peer sends is
    /// read into the loop's buffer, and what it is sent may be written to the socket directly.
    package func beginOnSocket(_ channel: any Channel) throws {
        self.isOnSocket = true
        try channel.syncOptions?.setOption(.recvAllocator, value: self.loop.receiveBuffer.allocator)
    }

    /// The server's 101 was handed to the channel without a flush; it leaves at the end of this turn.
    package func hasUnflushedHandshake() {
        self.hasUnflushedWrites = true
        self.requestFlush()
    }
}
