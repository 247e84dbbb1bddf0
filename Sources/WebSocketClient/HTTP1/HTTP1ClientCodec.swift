internal import NIOCore
internal import NIOHTTP1

/// NIO's HTTP/1.1 handlers of one channel, which go when the handshake is done.
struct HTTP1ClientCodec {
    private let gate = ResponseHeadGate()
    private let encoder = HTTPRequestEncoder()
    private let decoder: ByteToMessageHandler<HTTPResponseDecoder>

    init(_ configuration: ClientConfiguration) {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = configuration.maximumHeadByteCount
        limits.maxHeaderListSize = configuration.maximumHeadByteCount
        limits.maxHeaderFieldCount = configuration.maximumHeaderFieldCount
        self.decoder = ByteToMessageHandler(HTTPResponseDecoder(limitConfiguration: limits))
    }

    func install(on pipeline: ChannelPipeline.SynchronousOperations) throws {
        try pipeline.addHandlers([self.gate, self.encoder, self.decoder])
    }

    /// The response is not the last message of HTTP: its body may come.
    func passBody() {
        self.gate.passBody()
    }

    /// From the next byte on `handler` gets what comes, and nothing it writes passes HTTP.
    func replace(on pipeline: ChannelPipeline.SynchronousOperations, by handler: any ChannelHandler) throws {
        try pipeline.addHandler(handler, position: .after(self.gate))
        self.gate.leave()
        pipeline.removeHandler(self.encoder, promise: nil)
        pipeline.removeHandler(self.decoder, promise: nil)
    }
}

/// Hands NIO's decoder one head at a time, so that bytes behind a 101 are never its: it would lose them if the server
/// closes the connection right behind them.
private final class ResponseHeadGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private enum State {
        /// How many bytes of CR LF CR LF have gone by.
        case head(matched: Int)
        case body
        case leaving
    }

    private static let headEnd: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]
    private var state = State.head(matched: 0)

    func passBody() {
        self.state = .body
    }

    func leave() {
        self.state = .leaving
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = self.unwrapInboundIn(data)
        // Each head is judged while it is handed on, so the state may have changed when that returns.
        while case .head(let matched) = self.state, let head = self.readHead(&buffer, matched) {
            context.fireChannelRead(self.wrapInboundOut(head))
        }
        if buffer.readableBytes > 0 { context.fireChannelRead(self.wrapInboundOut(buffer)) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if case .leaving = self.state { context.pipeline.syncOperations.removeHandler(self, promise: nil) }
    }

    /// The bytes up to and with the end of a head, or all there are.
    private func readHead(_ buffer: inout ByteBuffer, _ matched: Int) -> ByteBuffer? {
        var matched = matched
        var count = 0
        for byte in buffer.readableBytesView where matched < ResponseHeadGate.headEnd.count {
            count += 1
            if byte == ResponseHeadGate.headEnd[matched] {
                matched += 1
            } else {
                matched = byte == ResponseHeadGate.headEnd[0] ? 1 : 0
            }
        }
        self.state = .head(matched: matched == ResponseHeadGate.headEnd.count ? 0 : matched)
        return count > 0 ? buffer.readSlice(length: count) : nil
    }
}
