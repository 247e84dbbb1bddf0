internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP2
internal import NIOHTTPTypes
internal import NIOHTTPTypesHTTP2
internal import WebSocketNIO
internal import WebSocketProtocol

/// Opens a WebSocket on a stream of an HTTP/2 connection (RFC 8441 §5).
final class HTTP2HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    // Safety: touched on the channel's event loop only.

    typealias InboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPRequestPart

    private var pending: PendingConnection
    private let connection: HTTP2Connection
    private let transport = StreamTransport()
    private let codec = HTTP2FramePayloadToHTTPClientCodec()
    private var isDone = false
    private var context: ChannelHandlerContext?

    init(_ pending: PendingConnection, on connection: HTTP2Connection) {
        self.pending = pending
        self.connection = connection
    }

    func install(on stream: any Channel) throws {
        self.pending.watch.watch(stream)
        try stream.pipeline.syncOperations.addHandlers([self.transport, self.codec, self])
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.fail(ConnectError(.network, "the stream ended before the handshake was complete"))
    }

    func channelActive(context: ChannelHandlerContext) {
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenFailure { error in
            // Nobody but us has seen it.
            let cause = (error as? NIOHTTP2Errors.StreamError)?.baseError ?? error
            guard cause is NIOHTTP2Errors.CreatedStreamAfterGoaway else { return }
            self.fail(
                ConnectError(.network, "the server closes the connection", underlying: error, isUnprocessed: true))
        }
        context.writeAndFlush(self.wrapOutboundOut(.head(self.pending.exchange.handshake.request)), promise: written)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.fail(ConnectError(.network, "the server closed the stream before the handshake was complete"))
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isDone else { return }
        switch self.unwrapInboundIn(data) {
        case .head(let response) where response.status == .switchingProtocols:
            self.malformed("HTTP/2 has no status 101 (RFC 9113 §8.6)", response)
        case .head(let response) where response.headerFields.contains { self.isOfHTTP1($0.name) }:
            self.malformed("it has fields of HTTP/1.1 (RFC 9113 §8.2.2)", response)
        case .head(let response) where response.status.kind == .informational:
            break
        case .head(let response):
            self.act(self.pending.exchange.received(response, isAcceptance: response.status.kind == .successful))
        case .body(let bytes):
            self.act(self.pending.exchange.received(bytes))
        case .end:
            self.act(self.pending.exchange.receivedEnd())
        }
    }

    private func act(_ outcome: HandshakeExchange.Outcome) {
        switch outcome {
        case .pending: break
        case .accepted(let response, let agreement): self.open(response, agreement)
        case .failed(let error): self.fail(error)
        }
    }

    private func open(_ response: HTTPResponse, _ agreement: ClientHandshake.Agreement) {
        guard let context = self.context, self.pending.watch.finish() else { return }
        self.isDone = true
        let handler = self.pending.makeHandler(
            response, agreement, on: context.channel, .http2, stream: self.transport)
        let pipeline = context.pipeline.syncOperations
        do {
            try pipeline.addHandler(handler)
        } catch {
            self.pending.opened.fail(ConnectError.transport(error))
            return context.close(promise: nil)
        }
        pipeline.removeHandler(self.codec, promise: nil)
        pipeline.removeHandler(self, promise: nil)
        self.transport.beginTunnel(early: ByteBuffer())
        self.pending.opened.succeed(handler.connection)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? NIOHTTP2Errors.StreamClosed {
            self.fail(
                ConnectError(
                    .network, "the server reset the stream: \(error.errorCode)", underlying: error,
                    isUnprocessed: error.errorCode == .refusedStream
                        || self.connection.leavesUnprocessed(error.streamID)))
        } else {
            self.fail(
                ConnectError(.invalidResponse, "the server's answer is not valid HTTP/2: \(error)", underlying: error))
        }
    }

    /// Fields about a connection; NIO looks for `Connection` itself.
    private func isOfHTTP1(_ name: HTTPField.Name) -> Bool {
        ["upgrade", "keep-alive", "proxy-connection", "transfer-encoding"].contains(name.canonicalName)
    }

    private func malformed(_ why: String, _ response: HTTPResponse) {
        self.isDone = true
        self.report(
            ConnectError(.invalidResponse, "the server's answer is not valid HTTP/2: \(why)", response: response))
        self.transport.reset()
    }

    private func fail(_ error: ConnectError) {
        guard !self.isDone else { return }
        self.isDone = true
        self.report(error)
        self.context?.close(promise: nil)
    }

    /// In the next turn: then what ends the stream has left, even if the program ends with the error.
    private func report(_ error: ConnectError) {
        let opened = self.pending.opened
        opened.futureResult.eventLoop.execute { opened.fail(error) }
    }
}
