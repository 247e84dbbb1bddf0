internal import Logging
internal import NIOCore
internal import NIOHTTP2
internal import NIOHTTPTypesHTTP2
internal import WebSocketNIO
internal import WebSocketProtocol

/// What concerns an HTTP/2 connection as a whole; its streams have channels of their own, each with an `HTTP2StreamHandler`.
///
/// It stands behind NIO's handler, which knows frames, windows and floods, and NIO's connection management, which says
/// GOAWAY. Left for this one: when the connection is idle, when it drains, and its end.
final class HTTP2ConnectionHandler: ChannelInboundHandler, NIOHTTP2StreamDelegate, DeadlineTarget, HTTPConnection,
    @unchecked Sendable
{
    // Safety: touched on the channel's event loop only.

    typealias InboundIn = HTTP2Frame

    private let shared: ServerCore
    private let loop: ServerLoop
    private let transport: OrderlyClose
    /// Wants to know of streams, too.
    private let management: any NIOHTTP2StreamDelegate
    private var context: ChannelHandlerContext?
    private var streamCount = 0
    /// GOAWAY is said, or about to be.
    private var isQuiescing = false
    /// When the head of the first request must be there.
    private let firstDeadline: MonotonicTime
    var deadlineTick: Int64?

    /// What a client may send ahead on a stream: two of the largest frames' worth are on the way while as much is taken in.
    static let streamWindowByteCount = 128 * 1024
    /// And on all streams together, until it hears of it. What the streams' applications don't take is bounded by their windows.
    private static let connectionWindowByteCount = 1024 * 1024
    private static let resetFactorOfProxies = 100

    /// Makes the pipeline of HTTP/2 on a connection that speaks it.
    /// - Parameter firstDeadline: when the head of the first request must be there.
    static func install(
        on channel: any Channel, shared: ServerCore, loop: ServerLoop, peer: PeerInformation,
        firstDeadline: MonotonicTime
    ) throws {
        let limits = shared.configuration.http
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.maximumConcurrentStreamCount),
            HTTP2Setting(parameter: .maxHeaderListSize, value: limits.maximumHeadByteCount),
            HTTP2Setting(parameter: .initialWindowSize, value: HTTP2ConnectionHandler.streamWindowByteCount),
            // WebSocket is spoken here (RFC 8441 §3).
            HTTP2Setting(parameter: .enableConnectProtocol, value: 1),
        ]
        connection.targetWindowSize = HTTP2ConnectionHandler.connectionWindowByteCount
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.targetWindowSize = HTTP2ConnectionHandler.streamWindowByteCount
        let isProxy = shared.configuration.trustedProxies.contains(peer.address)
        // NIO makes room for all of them at once, so there is an end.
        stream.streamResetFrameRateLimit.maximumCount =
            min(max(limits.maximumStreamResetCount, 0), 10_000)
            * (isProxy ? HTTP2ConnectionHandler.resetFactorOfProxies : 1)
        let highMark = max(1, shared.configuration.connection.sendHighMark)
        stream.outboundBufferSizeHighWatermark = highMark
        stream.outboundBufferSizeLowWatermark = highMark / 2
        let management = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: channel.eventLoop,
            configuration: .init(
                maxIdleTime: nil,
                maxAge: nil,
                maxGraceTime: nil,
                keepalive: nil
            )
        )
        let transport = OrderlyClose(loop: loop.context, timeout: shared.configuration.connection.closeTimeout)
        let whole = HTTP2ConnectionHandler(
            shared: shared, loop: loop, transport: transport, management: management.http2StreamDelegate,
            firstDeadline: firstDeadline)
        let handler = NIOHTTP2Handler(
            mode: .server,
            eventLoop: channel.eventLoop,
            connectionConfiguration: connection,
            streamConfiguration: stream,
            streamDelegate: whole
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                try HTTP2StreamHandler.install(on: stream, shared: shared, loop: loop, peer: peer)
            }
        }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers([transport, handler, management])
        if let interval = limits.http2PingInterval {
            try pipeline.addHandler(
                HTTP2KeepAlive(loop: loop.context, interval: interval, timeout: limits.requestTimeout, transport))
        }
        try pipeline.addHandler(whole)
        if !peer.isSecure { try channel.syncOptions?.setOption(.recvAllocator, value: transport.allocator) }
    }

    private init(
        shared: ServerCore, loop: ServerLoop, transport: OrderlyClose, management: any NIOHTTP2StreamDelegate,
        firstDeadline: MonotonicTime
    ) {
        self.firstDeadline = firstDeadline
        self.shared = shared
        self.loop = loop
        self.transport = transport
        self.management = management
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.loop.opened(self)
        self.loop.context.deadlines.schedule(self, at: self.firstDeadline)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.loop.context.deadlines.remove(self)
        self.loop.closed(self)
    }

    func streamCreated(_ id: HTTP2StreamID, channel: any Channel) {
        self.streamCount += 1
        if !self.isQuiescing { self.loop.context.deadlines.remove(self) }
        self.management.streamCreated(id, channel: channel)
    }

    func streamClosed(_ id: HTTP2StreamID, channel: any Channel) {
        self.streamCount -= 1
        if self.streamCount == 0, !self.isQuiescing { self.setDeadline(self.shared.configuration.http.idleTimeout) }
        self.management.streamClosed(id, channel: channel)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // NIO has reset the stream, or said GOAWAY with the reason, at which `OrderlyClose` ends the connection.
        switch error {
        case let error as IOError: self.shared.logger.debug("connection failed", metadata: ["error": "\(error)"])
        default: self.shared.logger.debug("HTTP/2 was broken", metadata: ["error": "\(error)"])
        }
    }
}

// MARK: - The end

extension HTTP2ConnectionHandler {
    private func setDeadline(_ timeout: Duration) {
        self.loop.context.deadlines.schedule(self, at: DeadlineWheel.now().advanced(by: timeout))
    }

    func deadlineReached(now: MonotonicTime) -> MonotonicTime? {
        if self.isQuiescing { self.drop() } else { self.quiesce() }
        return nil
    }

    /// Says GOAWAY; the connection ends with its last stream.
    private func quiesce() {
        guard let context = self.context, !self.isQuiescing else { return }
        self.isQuiescing = true
        // A client without streams that does not answer the ping which goes with GOAWAY is not waited for. Streams have
        // deadlines of their own.
        if self.streamCount == 0 { self.setDeadline(self.shared.configuration.connection.closeTimeout) }
        context.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }

    func drain() {
        self.quiesce()
    }

    func drop() {
        self.transport.end()
    }
}
