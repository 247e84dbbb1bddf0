internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import WebSocketProtocol

/// Asks an HTTP proxy for a tunnel to the server (RFC 9110 §9.3.6). When it is there, HTTP leaves the channel.
///
/// NIO's handler for this keeps the proxy's answer to itself, and NIO's decoder passes over the body of any answer to CONNECT.
/// People need to see who refused them, and why; so the decoder is told of a GET, and `ConnectEncoder` writes what is meant.
final class ProxyTunnel: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    // Safety: touched on the channel's event loop only.

    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private static let maximumHeadByteCount = 16 * 1024
    private static let maximumBodyByteCount = 64 * 1024

    private let host: String
    private let port: Int
    private let proxy: Proxy
    private let done: EventLoopPromise<any Channel>
    private let encoder = ConnectEncoder()
    private let decoder: ByteToMessageHandler<HTTPResponseDecoder>
    private var refusal: HTTPResponse?
    private var isEstablished = false
    /// Of a refusal; behind a tunnel that is there, what the server sent before it was asked.
    private var body = ByteBuffer()

    static func open(on channel: any Channel, host: String, port: Int, proxy: Proxy) -> EventLoopFuture<any Channel> {
        let done = channel.eventLoop.makePromise(of: (any Channel).self)
        let tunnel = ProxyTunnel(host: host, port: port, proxy: proxy, done: done)
        do {
            try channel.pipeline.syncOperations.addHandlers([tunnel.encoder, tunnel.decoder, tunnel])
        } catch {
            done.fail(error)
        }
        return done.futureResult
    }

    private init(host: String, port: Int, proxy: Proxy, done: EventLoopPromise<any Channel>) {
        self.host = host
        self.port = port
        self.proxy = proxy
        self.done = done
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = ProxyTunnel.maximumHeadByteCount
        limits.maxHeaderListSize = ProxyTunnel.maximumHeadByteCount
        self.decoder = ByteToMessageHandler(HTTPResponseDecoder(limitConfiguration: limits))
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let authority = "\(self.host.contains(":") ? "[\(self.host)]" : self.host):\(self.port)"
        var headers: HTTPHeaders = ["Host": authority]
        if let (user, password) = self.proxy.credentials {
            headers.add(name: "Proxy-Authorization", value: "Basic " + Base64.encode(Array("\(user):\(password)".utf8)))
        }
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: authority, headers: headers)
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head) where (200..<300).contains(head.status.code):
            self.established(context)
        case .head(let head) where head.status.code >= 200:
            var fields = HTTPFields()
            for (name, value) in head.headers {
                if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
            }
            let status = HTTPResponse.Status(code: Int(head.status.code), reasonPhrase: head.status.reasonPhrase)
            self.refusal = HTTPResponse(status: status, headerFields: fields)
        case .head:
            break
        case .body(var bytes):
            let room = ProxyTunnel.maximumBodyByteCount - self.body.readableBytes
            if let part = bytes.readSlice(length: min(room, bytes.readableBytes)) {
                self.body.writeImmutableBuffer(part)
            }
            if bytes.readableBytes > 0 { self.refused(context, isTruncated: true) }
        case .end:
            if !self.isEstablished { self.refused(context, isTruncated: false) }
        }
    }

    /// NIO's decoder leaves a moment later, and until then nothing may be written through it.
    private func established(_ context: ChannelHandlerContext) {
        guard !self.isEstablished else { return }
        self.isEstablished = true
        let pipeline = context.pipeline.syncOperations
        pipeline.removeHandler(self.encoder, promise: nil)
        let left = context.eventLoop.makePromise(of: Void.self)
        left.futureResult.assumeIsolated().whenComplete { _ in
            self.done.succeed(context.channel)
            if self.body.readableBytes > 0 { context.fireChannelRead(NIOAny(self.body)) }
            pipeline.removeHandler(self, promise: nil)
        }
        pipeline.removeHandler(self.decoder, promise: left)
    }

    private func refused(_ context: ChannelHandlerContext, isTruncated: Bool) {
        guard let response = self.refusal else { return }
        self.done.fail(
            ConnectError(
                .proxy, "the proxy \(self.proxy) refused: \(response.status.inWords)", response: response,
                body: self.body,
                isBodyTruncated: isTruncated))
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.done.fail(
            ConnectError(.proxy, "the proxy \(self.proxy) gave no valid answer: \(error)", underlying: error))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.closed(context)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.closed(context)
    }

    private func closed(_ context: ChannelHandlerContext) {
        guard self.refusal == nil else { return self.refused(context, isTruncated: true) }
        self.done.fail(ConnectError(.proxy, "the proxy \(self.proxy) closed the connection"))
    }
}

/// Writes the head of a request with the method CONNECT.
private final class ConnectEncoder: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = IOData

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(let head) = self.unwrapOutboundIn(data) else {
            promise?.succeed()
            return
        }
        var bytes = ByteBuffer(string: "CONNECT \(head.uri) HTTP/1.1\r\n")
        for (name, value) in head.headers { bytes.writeString("\(name): \(value)\r\n") }
        bytes.writeString("\r\n")
        context.write(self.wrapOutboundOut(.byteBuffer(bytes)), promise: promise)
    }
}
