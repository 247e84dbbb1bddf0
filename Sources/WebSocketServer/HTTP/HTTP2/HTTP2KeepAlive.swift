internal import NIOCore
internal import NIOHTTP2
internal import WebSocketNIO
internal import WebSocketProtocol

/// Asks a client that has been silent for a while whether it is still there, by PING (RFC 9113 §6.7), and ends its connection if
/// nothing comes. Any byte counts as life.
///
/// NIO's own only says GOAWAY, and waits for the streams, which a client that is gone does not end.
final class HTTP2KeepAlive: ChannelInboundHandler, DeadlineTarget {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private static let pingData = HTTP2PingData(withInteger: 0x6D61_7274_6C65_7421)

    private let loop: LoopContext
    private let interval: Duration
    private let timeout: Duration
    private let transport: OrderlyClose
    private var context: ChannelHandlerContext?
    private var lastRead = DeadlineWheel.now()
    /// A ping went out, and nothing has come since.
    private var isAwaitingLife = false
    var deadlineTick: Int64?

    init(loop: LoopContext, interval: Duration, timeout: Duration, _ transport: OrderlyClose) {
        self.loop = loop
        self.interval = interval
        self.timeout = timeout
        self.transport = transport
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.loop.deadlines.schedule(self, at: self.lastRead.advanced(by: self.interval))
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.loop.deadlines.remove(self)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.lastRead = DeadlineWheel.now()
        self.isAwaitingLife = false
        context.fireChannelReadComplete()
    }

    func deadlineReached(now: MonotonicTime) -> MonotonicTime? {
        guard !self.isAwaitingLife else {
            self.transport.end()
            return nil
        }
        let due = self.lastRead.advanced(by: self.interval)
        guard due <= now, let context = self.context else { return due }
        self.isAwaitingLife = true
        let ping = HTTP2Frame(streamID: .rootStream, payload: .ping(HTTP2KeepAlive.pingData, ack: false))
        context.writeAndFlush(self.wrapOutboundOut(ping), promise: nil)
        return now.advanced(by: self.timeout)
    }
}
