internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import WebSocketNIO
internal import WebSocketProtocol

/// Sends the opening handshake, judges the answer, and makes way for the connection (RFC 6455 §4.1).
final class ClientHandshakeHandler: ChannelInboundHandler, RemovableChannelHandler, DeadlineTarget, @unchecked Sendable
{
    // Safety: touched on the channel's event loop only.

    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private enum State {
        case awaitingResponse
        case receivingRefusal(HTTPResponse, ByteBuffer)
        case accepted(HTTPResponse, ClientHandshake.Agreement)
        case done
    }

    private let handshake: ClientHandshake
    private let configuration: ClientConfiguration
    private let settings: ConnectionSettings
    private let isSecure: Bool
    private let deadline: MonotonicTime
    private let opened: EventLoopPromise<WebSocketConnection>
    private let codec: HTTPClientCodec
    private var loop: LoopContext?
    private var state = State.awaitingResponse
    private var hasSentRequest = false
    private var context: ChannelHandlerContext?
    var deadlineTick: Int64?

    init(
        handshake: ClientHandshake,
        configuration: ClientConfiguration,
        settings: ConnectionSettings,
        isSecure: Bool,
        deadline: MonotonicTime,
        codec: HTTPClientCodec,
        opened: EventLoopPromise<WebSocketConnection>
    ) {
        self.handshake = handshake
        self.configuration = configuration
        self.settings = settings
        self.isSecure = isSecure
        self.deadline = deadline
        self.codec = codec
        self.opened = opened
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let loop = LoopContext.current(context.eventLoop)
        self.loop = loop
        loop.deadlines.schedule(self, at: self.deadline)
        if context.channel.isActive { self.sendRequest() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.loop?.deadlines.remove(self)
        self.context = nil
        self.fail(ConnectError(.network, "the connection was closed before the handshake was complete"))
    }

    func channelActive(context: ChannelHandlerContext) {
        self.sendRequest()
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.fail(ConnectError(.network, "the server closed the connection before the handshake was complete"))
        context.fireChannelInactive()
    }

    private func sendRequest() {
        // A channel may already be active, and then say so once more.
        guard let context = self.context, !self.hasSentRequest else { return }
        self.hasSentRequest = true
        let request = self.handshake.request
        var headers = HTTPHeaders()
        headers.add(name: "Host", value: request.authority ?? "")
        for field in request.headerFields { headers.add(name: field.name.rawName, value: field.value) }
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: request.path ?? "/", headers: headers)
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (self.unwrapInboundIn(data), self.state) {
        case (.head(let head), .awaitingResponse):
            self.received(head)
        case (.body(let bytes), .receivingRefusal(let response, var body)):
            self.state = .done
            let room = self.configuration.maximumRefusalBodyByteCount - body.readableBytes
            var bytes = bytes
            if let part = bytes.readSlice(length: min(room, bytes.readableBytes)) { body.writeImmutableBuffer(part) }
            self.state = .receivingRefusal(response, body)
            if bytes.readableBytes > 0 { self.refused(response, body, isTruncated: true) }
        case (.end, .receivingRefusal(let response, let body)):
            self.refused(response, body, isTruncated: false)
        case (.end, .accepted(let response, let agreement)):
            self.open(response, agreement)
        default:
            break
        }
    }

    private func received(_ head: HTTPResponseHead) {
        var fields = HTTPFields()
        for (name, value) in head.headers {
            // A name that is no token never reaches us: the HTTP parser refuses it.
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        let response = HTTPResponse(
            status: .init(code: Int(head.status.code), reasonPhrase: head.status.reasonPhrase),
            headerFields: fields
        )
        guard head.status == .switchingProtocols else {
            self.state = .receivingRefusal(response, ByteBuffer())
            self.codec.passBody()
            return
        }
        guard head.version == .http1_1 else {
            return self.fail(
                ConnectError(.invalidResponse, "the server's handshake is not HTTP/1.1", response: response)
            )
        }
        do throws(HandshakeFailure) {
            self.state = .accepted(response, try self.handshake.validate(response))
        } catch {
            self.fail(
                ConnectError(
                    .invalidResponse,
                    "the server's handshake is not valid: \(error)",
                    response: response,
                    handshakeFailure: error
                )
            )
        }
    }

    private func refused(_ response: HTTPResponse, _ body: ByteBuffer, isTruncated: Bool) {
        self.fail(
            ConnectError(
                .refused,
                "the server refused: HTTP \(response.status.code) \(response.status.reasonPhrase)",
                response: response,
                body: body,
                isBodyTruncated: isTruncated
            )
        )
    }

    /// Puts the connection in front of HTTP, whose handlers leave when they can.
    private func open(_ response: HTTPResponse, _ agreement: ClientHandshake.Agreement) {
        guard let context = self.context, let loop = self.loop else { return }
        self.state = .done
        let handler = ConnectionHandler(
            loop: loop,
            settings: self.settings,
            handshake: HandshakeInformation(
                request: self.handshake.request,
                response: response,
                subprotocol: agreement.subprotocol,
                compression: agreement.compression,
                remoteAddress: context.channel.remoteAddress,
                isSecure: self.isSecure
            )
        )
        handler.hold()
        let pipeline = context.pipeline.syncOperations
        do {
            try self.codec.replace(on: pipeline, by: handler)
            if !self.isSecure && self.configuration.tap == nil {
                try context.channel.syncOptions?.setOption(.recvAllocator, value: loop.receiveBuffer.allocator)
            }
        } catch {
            self.opened.fail(ConnectError(.network, "\(error)", underlying: error))
            return context.close(promise: nil)
        }
        self.opened.succeed(handler.connection)
        pipeline.removeHandler(self, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case let error as HTTPParserError:
            self.fail(
                ConnectError(.invalidResponse, "the server's answer is not valid HTTP: \(error)", underlying: error))
        case let error as NIOSSLError:
            self.fail(ConnectError(.tls, "TLS failed: \(error)", underlying: error))
        case let error as BoringSSLError:
            self.fail(ConnectError(.tls, "TLS failed: \(error)", underlying: error))
        case let error as NIOSSLExtraError:
            self.fail(ConnectError(.tls, "TLS failed: \(error)", underlying: error))
        default:
            self.fail(ConnectError(.network, "the connection failed: \(error)", underlying: error))
        }
    }

    func deadlineReached(now: MonotonicTime) -> MonotonicTime? {
        self.fail(ConnectError(.timedOut, "no connection within \(self.configuration.connectTimeout)"))
        return nil
    }

    private func fail(_ error: ConnectError) {
        if case .done = self.state { return }
        self.state = .done
        self.opened.fail(error)
        self.context?.close(promise: nil)
    }
}
