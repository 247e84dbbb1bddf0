internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP2
internal import NIOHTTPTypes
internal import NIOHTTPTypesHTTP2
internal import WebSocketNIO
internal import WebSocketProtocol

/// Serves the one request of an HTTP/2 stream, which may become a WebSocket (RFC 8441).
final class HTTP2StreamHandler: ChannelInboundHandler, RemovableChannelHandler, RequestHandler, @unchecked Sendable {
    // Safety: everything that changes is touched on the channel's event loop only.

    typealias InboundIn = HTTPRequestPart
    typealias OutboundOut = HTTPResponsePart

    /// The most that a client may send ahead while its request is decided about; as much as its window allows.
    private static let maximumEarlyByteCount = HTTP2ConnectionHandler.streamWindowByteCount

    let shared: ServerCore
    let loop: ServerLoop
    let peer: PeerInformation
    var state = RequestState.idle
    var onResponseTaken: (() -> Void)?
    var deadlineTick: Int64?
    let version = HTTPProtocolVersion.http2
    var stream: StreamTransport? { self.transport }
    private let transport: StreamTransport
    private let codec: HTTP2FramePayloadToHTTPServerCodec
    /// What came behind the request for a WebSocket, before it was decided about.
    private var early = ByteBuffer()
    private var context: ChannelHandlerContext?

    static func install(on stream: any Channel, shared: ServerCore, loop: ServerLoop, peer: PeerInformation) throws {
        let transport = StreamTransport()
        let codec = HTTP2FramePayloadToHTTPServerCodec()
        let handler = HTTP2StreamHandler(shared: shared, loop: loop, peer: peer, transport: transport, codec: codec)
        try stream.pipeline.syncOperations.addHandlers([transport, codec, handler])
    }

    private init(
        shared: ServerCore,
        loop: ServerLoop,
        peer: PeerInformation,
        transport: StreamTransport,
        codec: HTTP2FramePayloadToHTTPServerCodec
    ) {
        self.shared = shared
        self.loop = loop
        self.peer = peer
        self.transport = transport
        self.codec = codec
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.abortExchange(.disconnected)
        self.responseTaken()
        self.context = nil
        self.loop.context.deadlines.remove(self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.abortExchange(.disconnected)
        self.state = .done
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (self.unwrapInboundIn(data), self.state) {
        case (.head(let request), .idle):
            self.received(request)
        case (.body(let bytes), .receiving):
            self.received(bytes)
        case (.end, .receiving):
            self.receivedEnd()
        case (.body(let bytes), .responding):
            self.early.writeImmutableBuffer(bytes)
            if self.early.readableBytes > HTTP2StreamHandler.maximumEarlyByteCount { self.reset(.flowControlError) }
        case (.end, .responding(let incoming)):
            // Whoever asked for a WebSocket and then says no more has changed their mind.
            if incoming.request.method == .connect { self.reset(.cancel) }
        default:
            break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case is NIOHTTP2Errors.StreamClosed:
            self.drop()
        default:
            // The codec could not make a request of the head.
            self.reset(.protocolError)
        }
    }
}

// MARK: - The request

extension HTTP2StreamHandler {
    private func received(_ request: HTTPRequest) {
        self.setDeadline(self.shared.configuration.http.requestTimeout)
        // NIO has checked what RFC 9113 §8.3 demands of every request; this is left (§8.3.1, RFC 8441 §4).
        let isExtendedConnect = request.method == .connect && request.extendedConnectProtocol != nil
        guard self.hasValidAuthority(request, isExtendedConnect), request.hasValidPath,
            request.extendedConnectProtocol?.isToken ?? true
        else { return self.reset(.protocolError) }
        guard request.headerFields.count <= self.shared.configuration.http.maximumHeaderFieldCount else {
            return self.refuseAndClose(
                ServerResponse(
                    status: .requestHeaderFieldsTooLarge, text: "The request has too many header fields.\n"))
        }
        let announcesBody = request.headerFields[.contentLength].map { $0 != "0" } ?? false
        guard isExtendedConnect else {
            let hasBody = announcesBody || !self.transport.isInputEnded
            let evaluation = ServerHandshake.evaluate(request, version: .http2, hasBody: announcesBody)
            let isWanted = self.received(request, evaluation, hasBody: hasBody && request.method != .connect)
            // What asks for a tunnel has no end.
            if isWanted, request.method == .connect { self.receivedEnd() }
            return
        }
        // A stream that has ended can't carry what the client would say.
        let hasBody = announcesBody || self.transport.isInputEnded
        let evaluation = ServerHandshake.evaluate(request, version: .http2, hasBody: hasBody)
        if self.received(request, evaluation, hasBody: false) { self.receivedEnd() }
    }

    /// `:authority` names the host, and a `Host` field beside it must say the same (RFC 9113 §8.3.1). A WebSocket can't do
    /// without: its origin is compared to it.
    private func hasValidAuthority(_ request: HTTPRequest, _ isExtendedConnect: Bool) -> Bool {
        guard let authority = request.authority else { return !isExtendedConnect }
        guard let host = HTTPField.Name("host"), Endpoint(authority: authority[...]) != nil else { return false }
        return request.headerFields[values: host].allSatisfy { $0.equalsIgnoringASCIICase(authority) }
    }
}

// MARK: - The response

extension HTTP2StreamHandler {
    func respond(_ response: ServerResponse) {
        switch self.state {
        case .receiving, .responding, .waiting: self.answer(response)
        case .idle, .flushing, .done: break
        }
    }

    func refuseAndClose(_ response: ServerResponse, _ cause: HTTPExchange.AbortCause) {
        self.abortExchange(cause)
        self.answer(response)
    }

    /// Answers and ends the stream. What the client still sends is not wanted, which is no error (RFC 9113 §8.1).
    private func answer(_ response: ServerResponse) {
        guard let context = self.context else { return }
        let omitsBody: Bool =
            switch self.state {
            case .receiving(let incoming), .responding(let incoming): incoming.request.method == .head
            case .waiting(_, let omits): omits
            case .idle, .flushing, .done: false
            }
        self.state = .flushing
        self.setDeadline(self.shared.configuration.http.idleTimeout)
        context.write(self.wrapOutboundOut(.head(HTTP2StreamHandler.head(of: response))), promise: nil)
        if !omitsBody && response.body.readableBytes > 0 {
            context.write(self.wrapOutboundOut(.body(response.body)), promise: nil)
        }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in
            self.loop.context.deadlines.remove(self)
            self.state = .done
            self.responseTaken()
            if !self.transport.isInputEnded { self.reset(.noError) }
        }
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: written)
    }

    private static func head(of response: ServerResponse) -> HTTPResponse {
        var fields = response.headerFields
        // Fields of the connection, which HTTP/2 has no place for (RFC 9113 §8.2.2).
        for name in ["connection", "upgrade", "keep-alive", "proxy-connection", "transfer-encoding"] {
            if let name = HTTPField.Name(name) { fields[name] = nil }
        }
        fields[.contentLength] = "\(response.body.readableBytes)"
        return HTTPResponse(status: response.status, headerFields: fields)
    }

    private func reset(_ code: NIOHTTP2.HTTP2ErrorCode) {
        self.abortExchange(.disconnected)
        self.state = .done
        self.loop.context.deadlines.remove(self)
        self.context?.triggerUserOutboundEvent(NIOHTTP2FramePayloadToHTTPEvent.reset(code: code), promise: nil)
    }

    func drop() {
        self.abortExchange(.disconnected)
        self.state = .done
        self.context?.close(promise: nil)
    }
}

// MARK: - Making way

extension HTTP2StreamHandler {
    func open(_ handler: ConnectionHandler, _ response: HTTPResponse) throws {
        guard let context = self.context else { throw ChannelError.ioOnClosedChannel }
        context.write(self.wrapOutboundOut(.head(response)), promise: nil)
        handler.hasUnflushedHandshake()
        let pipeline = context.pipeline.syncOperations
        try pipeline.addHandler(handler)
        pipeline.removeHandler(self, promise: nil)
        pipeline.removeHandler(self.codec, promise: nil)
        self.transport.beginTunnel(early: self.early)
    }
}

extension HTTPRequest {
    /// A path begins with a slash, but for `OPTIONS *` (RFC 9113 §8.3.1); what asks for a tunnel has none.
    fileprivate var hasValidPath: Bool {
        guard let path = self.path else { return self.method == .connect }
        return path.utf8.first == UInt8(ascii: "/") || path == "*" && self.method == .options
    }
}
