internal import Logging
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOHTTP2
internal import WebSocketNIO
internal import WebSocketProtocol

/// An HTTP/2 connection to a server, for as long as there are WebSockets on it.
final class HTTP2Connection: ChannelInboundHandler, @unchecked Sendable {
    // Safety: `room` has its lock, `settings` is a future; everything else is touched on the channel's event loop only.

    typealias InboundIn = HTTP2Frame

    /// Whether a further stream has a place.
    private struct Room {
        var streamCount = 1
        var maximumStreamCount = 100
        var isClosing = false
    }

    let eventLoop: any EventLoop
    /// Done when the server's settings are there: true if it speaks WebSocket over HTTP/2 (RFC 8441 §3).
    let settings: EventLoopPromise<Bool>
    private let room = NIOLockedValueBox(Room())
    private var multiplexer: NIOHTTP2Handler.StreamMultiplexer?
    private var channel: (any Channel)?
    private let closed: EventLoopFuture<Void>
    private let failure = ConnectionErrorWatch()
    private let logger: Logger
    /// The last stream that the server has looked at or will, once it has said so.
    private var lastStreamID: HTTP2StreamID?

    /// Fills the pipeline of a channel that speaks HTTP/2. A place is reserved for the caller.
    static func install(on channel: any Channel, configuration: ClientConfiguration, logger: Logger) throws
        -> HTTP2Connection
    {
        let made = HTTP2Connection(channel, logger)
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .maxHeaderListSize, value: configuration.maximumHeadByteCount),
        ]
        var stream = NIOHTTP2Handler.StreamConfiguration()
        let highMark = max(1, configuration.connection.sendHighMark)
        stream.outboundBufferSizeHighWatermark = highMark
        stream.outboundBufferSizeLowWatermark = highMark / 2
        let handler = NIOHTTP2Handler(
            mode: .client,
            eventLoop: channel.eventLoop,
            connectionConfiguration: connection,
            streamConfiguration: stream
        ) { stream in
            // A server opens no streams: push is turned off.
            stream.close()
        }
        do {
            try channel.pipeline.syncOperations.addHandlers([made.failure, handler, made])
            made.multiplexer = try handler.syncMultiplexer()
        } catch {
            made.settings.fail(error)
            throw error
        }
        return made
    }

    private init(_ channel: any Channel, _ logger: Logger) {
        self.logger = logger
        self.channel = channel
        self.closed = channel.closeFuture
        self.eventLoop = channel.eventLoop
        self.settings = channel.eventLoop.makePromise()
    }

    /// Takes a place for a stream, if there is one. From any thread.
    func reserve() -> Bool {
        self.room.withLockedValue { room in
            guard !room.isClosing, room.streamCount < room.maximumStreamCount else { return false }
            room.streamCount += 1
            return true
        }
    }

    /// Nobody new gets a place. From any thread.
    func retire() {
        self.room.withLockedValue { $0.isClosing = true }
    }

    /// Whether the server has said that it will not look at this stream (RFC 9113 §6.8).
    func leavesUnprocessed(_ streamID: HTTP2StreamID) -> Bool {
        self.lastStreamID.map { streamID > $0 } ?? false
    }

    /// Gives back a place that ``reserve()`` took, and closes the connection if nobody is left.
    private func release() {
        let isEmpty = self.room.withLockedValue { room in
            room.streamCount -= 1
            if room.streamCount == 0 { room.isClosing = true }
            return room.streamCount == 0
        }
        // Not at once: the end of the last stream may still have to leave.
        if isEmpty { self.close() }
    }

    /// Opens a stream in a place that was reserved. From any thread.
    func open(_ handshake: HTTP2HandshakeHandler, _ opened: EventLoopPromise<WebSocketConnection>) {
        self.eventLoop.execute {
            guard let multiplexer = self.multiplexer, self.channel != nil else {
                self.release()
                return opened.fail(ConnectError(.network, "the connection was closed", isUnprocessed: true))
            }
            let created = self.eventLoop.makePromise(of: (any Channel).self)
            created.futureResult.assumeIsolated().whenComplete { result in
                switch result {
                case .success(let stream):
                    stream.closeFuture.assumeIsolated().whenComplete { _ in self.release() }
                case .failure(let error):
                    self.release()
                    opened.fail(ConnectError.transport(error))
                }
            }
            multiplexer.createStreamChannel(promise: created) { stream in
                stream.eventLoop.makeCompletedFuture { try handshake.install(on: stream) }
            }
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data).payload {
        case .settings(.settings(let settings)):
            var isEnabled = false
            for setting in settings {
                switch setting.parameter {
                case .enableConnectProtocol: isEnabled = setting.value == 1
                case .maxConcurrentStreams:
                    self.room.withLockedValue { $0.maximumStreamCount = setting.value }
                default: break
                }
            }
            self.settings.succeed(isEnabled)
        case .goAway(let lastStreamID, _, _):
            // What is open goes on; what is new goes elsewhere.
            self.lastStreamID = lastStreamID
            self.retire()
        default:
            break
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.settings.fail(ConnectError.transport(error))
        // What breaks the transport closes it. Errors of a stream are told to the stream, and the others go on.
        guard self.failure.hasFailed else {
            return self.logger.debug("error on a stream of HTTP/2", metadata: ["error": "\(error)"])
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.ended()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.ended()
    }

    private func ended() {
        self.retire()
        self.settings.fail(ConnectError(.network, "the server closed the connection before the handshake was complete"))
        self.multiplexer = nil
        self.channel = nil
    }

    /// Calls back when the connection has closed.
    func onClose(_ callback: @escaping @Sendable () -> Void) {
        self.closed.whenComplete { _ in callback() }
    }

    /// Nobody uses it: it goes.
    func close() {
        self.eventLoop.execute { self.channel?.close(promise: nil) }
    }
}
