internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol

/// Ends an HTTP/2 connection so that its last frames arrive: our side of TCP is closed first, and what the client still sends is
/// thrown away until it has closed its side, up to a deadline. Closing with bytes unread would reset the connection, and
/// take the GOAWAY that says why, or the end of a stream, with it.
///
/// It stands between the socket, or TLS, and NIO's handler, and looks for the GOAWAY with an error that this one writes when the
/// connection has failed.
///
/// Here, too, a turn of the loop becomes one write: the streams flush one by one, which is passed on at the end of the turn.
final class OrderlyClose: ChannelDuplexHandler, DeadlineTarget, FlushTarget, @unchecked Sendable {
    // Safety: touched on the channel's event loop only.

    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// NIO's decoder copies what it gets into a buffer that it keeps: a long read comes in pieces, so that this one stays small.
    private static let pieceByteCount = 32 * 1024

    private let loop: LoopContext
    private let timeout: Duration
    private var context: ChannelHandlerContext?
    private var isClosing = false
    private var scanner = GoAwayScanner(role: .server)
    private var isFlushRequested = false
    var deadlineTick: Int64?

    /// - Parameter timeout: how long the client has to close its side.
    init(loop: LoopContext, timeout: Duration) {
        self.loop = loop
        self.timeout = timeout
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.loop.deadlines.remove(self)
    }

    /// Lends the loop's buffer for each read of a socket; ``channelRead(context:data:)`` gives it back.
    var allocator: any RecvByteBufferAllocator { self.loop.receiveBuffer.allocator }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = self.unwrapInboundIn(data)
        let isOutermost = self.loop.beginRead()
        while !self.isClosing, buffer.readableBytes > 0,
            let piece = buffer.readSlice(length: min(buffer.readableBytes, OrderlyClose.pieceByteCount))
        {
            context.fireChannelRead(self.wrapInboundOut(piece))
            // The streams deliver at this, so the decoder's buffer is free for the next piece.
            context.fireChannelReadComplete()
        }
        self.loop.receiveBuffer.giveBack(buffer)
        self.loop.endRead(isOutermost: isOutermost)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Said already, after each piece.
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .byteBuffer(let buffer) = self.unwrapOutboundIn(data) { self.scanner.look(at: buffer) }
        context.write(data, promise: promise)
    }

    func flush(context: ChannelHandlerContext) {
        // More than the channel likes to keep goes to the socket at once, and so does the reason of the end.
        guard context.channel.isWritable, !self.scanner.hasFound else {
            context.flush()
            return self.scanner.hasFound ? self.begin(nil) : ()
        }
        guard !self.isFlushRequested else { return }
        self.isFlushRequested = true
        self.loop.needsFlush(self)
    }

    func flushTurn() {
        self.isFlushRequested = false
        self.context?.flush()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all else { return context.close(mode: mode, promise: promise) }
        self.begin(promise)
    }

    private func begin(_ promise: EventLoopPromise<Void>?) {
        guard let context = self.context else {
            promise?.fail(ChannelError.alreadyClosed)
            return
        }
        if let promise { context.channel.closeFuture.cascade(to: promise) }
        guard !self.isClosing else { return }
        self.isClosing = true
        self.loop.deadlines.schedule(self, at: DeadlineWheel.now().advanced(by: self.timeout))
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in
            self.context?.close(mode: .output).assumeIsolated().whenFailure { _ in self.end() }
        }
        context.writeAndFlush(self.wrapOutboundOut(.byteBuffer(ByteBuffer())), promise: written)
    }

    /// Closes without ceremony.
    func end() {
        self.isClosing = true
        self.context?.flush()
        self.context?.close(promise: nil)
    }

    func deadlineReached(now: MonotonicTime) -> MonotonicTime? {
        self.end()
        return nil
    }
}
