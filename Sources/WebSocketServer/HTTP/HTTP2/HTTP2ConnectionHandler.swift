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
    var deadlineTick: Int64?

    /// Makes the pipeline of HTTP/2 on a connection that speaks it.
    static func install(on channel: any Channel, shared: ServerCore, loop: ServerLoop, peer: PeerInformation) throws {
        let limits = shared.configuration.http
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.maximumConcurrentStreamCount),
            HTTP2Setting(parameter: .maxHeaderListSize, value: limits.maximumHeadByteCount),
            // WebSocket is spoken here (RFC 8441 §3).
            HTTP2Setting(parameter: .enableConnectProtocol, value: 1),
        ]
        var stream = NIOHTTP2Handler.StreamConfiguration()
        let highMark = max(1, shared.configuration.connection.sendHighMark)
        stream.outboundBufferSizeHighWatermark = highMark
        stream.outboundBufferSizeLowWatermark = highMark / 2
        let management = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: channel.eventLoop,
            configuration: .init(
                maxIdleTime: nil,
                maxAge: nil,
                maxGraceTime: nil,
                keepalive: limits.http2PingInterval.map {
                    .init(pingInterval: TimeAmount($0), ackTimeout: TimeAmount(limits.requestTimeout))
                }
            )
        )
        let transport = OrderlyClose(loop: loop.context, timeout: shared.configuration.connection.closeTimeout)
        let whole = HTTP2ConnectionHandler(
            shared: shared, loop: loop, transport: transport, management: management.http2StreamDelegate)
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
        try channel.pipeline.syncOperations.addHandlers([transport, handler, management, whole])
    }

    private init(
        shared: ServerCore, loop: ServerLoop, transport: OrderlyClose, management: any NIOHTTP2StreamDelegate
    ) {
        self.shared = shared
        self.loop = loop
        self.transport = transport
        self.management = management
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.loop.opened(self)
        self.setDeadline(self.shared.configuration.http.idleTimeout)
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
