internal import NIOCore
internal import NIOHTTP1

/// NIO's HTTP/1.1 handlers of one channel, which go when a WebSocket takes over.
struct HTTP1Codec {
    private let encoder: HTTPResponseEncoder
    private var decoder: ByteToMessageHandler<HTTPRequestDecoder>
    private let pipelining: HTTPServerPipelineHandler
    private let limits: NIOHTTPDecoderLimitConfiguration

    /// Adds the handlers, and behind them `handler`.
    static func install(
        on pipeline: ChannelPipeline.SynchronousOperations, limits: HTTPLimits, before handler: HTTP1Handler
    ) throws {
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderFieldSize = limits.maximumHeadByteCount
        decoderLimits.maxHeaderListSize = limits.maximumHeadByteCount
        decoderLimits.maxHeaderFieldCount = limits.maximumHeaderFieldCount
        let codec = HTTP1Codec(
            encoder: HTTPResponseEncoder(),
            decoder: HTTP1Codec.makeDecoder(decoderLimits),
            pipelining: HTTPServerPipelineHandler(),
            limits: decoderLimits
        )
        try pipeline.addHandlers([codec.encoder, codec.decoder, codec.pipelining])
        handler.codec = codec
        try pipeline.addHandler(handler)
    }

    private static func makeDecoder(_ limits: NIOHTTPDecoderLimitConfiguration) -> ByteToMessageHandler<
        HTTPRequestDecoder
    > {
        // Bytes behind an upgrade request belong to whoever comes after the decoder.
        ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits))
    }

    /// Puts a fresh decoder in place of one that has stopped: NIO's stops for good at a request with `Upgrade`.
    mutating func restartDecoder(on pipeline: ChannelPipeline.SynchronousOperations) throws {
        let old = self.decoder
        self.decoder = HTTP1Codec.makeDecoder(self.limits)
        try pipeline.addHandler(self.decoder, position: .after(old))
        pipeline.removeHandler(old, promise: nil)
    }

    /// Removes all of HTTP. The decoder goes last and hands on the bytes it has not parsed.
    func remove(from pipeline: ChannelPipeline.SynchronousOperations, with handler: HTTP1Handler) {
        pipeline.removeHandler(self.pipelining, promise: nil)
        pipeline.removeHandler(handler, promise: nil)
        pipeline.removeHandler(self.encoder, promise: nil)
        pipeline.removeHandler(self.decoder, promise: nil)
    }
}
