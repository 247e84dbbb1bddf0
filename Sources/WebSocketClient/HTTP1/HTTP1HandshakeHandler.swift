internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import WebSocketNIO
internal import WebSocketProtocol

/// Sends the opening handshake, judges the answer, and makes way for the connection (RFC 6455 §4.1).
final class HTTP1HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    // Safety: touched on the channel's event loop only.

    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private enum State {
        case awaiting
        case accepted(HTTPResponse, ClientHandshake.Agreement)
        case done
    }

    private var pending: PendingConnection
    private let codec: HTTP1ClientCodec
    private let isOnSocket: Bool
    private var state = State.awaiting
    private var hasSentRequest = false
    private var context: ChannelHandlerContext?

    /// - Parameter isOnSocket: true if nothing but HTTP will be between the socket and this handler.
    init(_ pending: PendingConnection, codec: HTTP1ClientCodec, isOnSocket: Bool) {
        self.pending = pending
        self.codec = codec
        self.isOnSocket = isOnSocket
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { self.sendRequest() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
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
        let request = self.pending.exchange.handshake.request
        var headers = HTTPHeaders()
        headers.add(name: "Host", value: request.authority ?? "")
        for field in request.headerFields { headers.add(name: field.name.rawName, value: field.value) }
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: request.path ?? "/", headers: headers)
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (self.unwrapInboundIn(data), self.state) {
        case (.head(let head), .awaiting):
            self.received(head)
        case (.body(let bytes), .awaiting):
            self.act(self.pending.exchange.received(bytes))
        case (.end, .awaiting):
            self.act(self.pending.exchange.receivedEnd())
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
        let isAcceptance = head.status == .switchingProtocols
        guard !isAcceptance || head.version == .http1_1 else {
            return self.fail(
                ConnectError(.invalidResponse, "the server's handshake is not HTTP/1.1", response: response)
            )
        }
        if !isAcceptance { self.codec.passBody() }
        self.act(self.pending.exchange.received(response, isAcceptance: isAcceptance))
    }

    private func act(_ outcome: HandshakeExchange.Outcome) {
        switch outcome {
        case .pending: break
        case .accepted(let response, let agreement): self.state = .accepted(response, agreement)
        case .failed(let error): self.fail(error)
        }
    }

    /// Puts the connection in front of HTTP, whose handlers leave when they can.
    private func open(_ response: HTTPResponse, _ agreement: ClientHandshake.Agreement) {
        // From here on it belongs to who asked for it, unless the time is over.
        guard let context = self.context, self.pending.watch.finish() else { return }
        self.state = .done
        let handler = self.pending.makeHandler(response, agreement, on: context.channel, .http11)
        let pipeline = context.pipeline.syncOperations
        do {
            try self.codec.replace(on: pipeline, by: handler)
            if self.isOnSocket { try handler.beginOnSocket(context.channel) }
        } catch {
            self.pending.opened.fail(ConnectError(.network, "\(error)", underlying: error))
            return context.close(promise: nil)
        }
        self.pending.opened.succeed(handler.connection)
        pipeline.removeHandler(self, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.fail(ConnectError.transport(error))
    }

    private func fail(_ error: ConnectError) {
        if case .done = self.state { return }
        self.state = .done
        self.pending.opened.fail(error)
        self.context?.close(promise: nil)
    }
}
