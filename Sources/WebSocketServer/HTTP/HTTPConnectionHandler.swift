internal import HTTPTypes
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypesHTTP1
internal import WebSocketNIO
internal import WebSocketProtocol

/// Serves HTTP/1.1 on one connection, one request after the other, until one of them becomes a WebSocket.
///
/// It stands behind NIO's HTTP codec and pipelining handler, which hands it the next request only after the response to
/// the last. Upgrading is in `HTTPConnectionHandler+Upgrade`.
final class HTTPConnectionHandler: ChannelInboundHandler, RemovableChannelHandler, DeadlineTarget, @unchecked Sendable {
    // Safety: everything that changes is touched on the channel's event loop only.

    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    enum State {
        /// Between two requests.
        case idle
        /// The head is there, the body is arriving.
        case receiving(Incoming)
        /// The application has the request.
        case responding(Incoming)
        /// The response is written but the client does not take it: no further request is looked at until it does.
        case flushing(Incoming)
        /// The channel belongs to a WebSocket, or is being closed.
        case done
    }

    struct Incoming {
        /// NIO's decoder takes this for the last request of HTTP on the connection.
        let stopsDecoder: Bool
        let evaluation: ServerHandshake.Evaluation
        let request: HTTPRequest
        /// The path lies below one of these, and is not served by itself.
        let route: (route: Routes.ExchangeRoute, settings: ConnectionSettings)?
        var exchange: HTTPExchange?
        var body = ByteBuffer()
        var keepsAlive: Bool
    }

    let shared: ServerCore
    let loop: ServerLoop
    var state = State.idle
    var context: ChannelHandlerContext?
    var codec: HTTPCodec?
    var deadlineTick: Int64?

    init(shared: ServerCore, loop: ServerLoop) {
        self.shared = shared
        self.loop = loop
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.loop.opened(self)
        self.setDeadline(self.shared.configuration.http.requestTimeout)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.abortExchange(.disconnected)
        self.context = nil
        self.codec = nil
        self.loop.context.deadlines.remove(self)
        self.loop.closed(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            self.received(head)
        case .body(let bytes):
            self.received(bytes)
        case .end:
            self.receivedEnd()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (self.state, error) {
        case (.idle, let error as HTTPParserError), (.receiving, let error as HTTPParserError):
            let isTooLarge = error == .headerOverflow
            self.refuseAndClose(
                isTooLarge
                    ? ServerResponse(
                        status: .requestHeaderFieldsTooLarge,
                        text:
                            "The request's header is over \(self.shared.configuration.http.maximumHeadByteCount) bytes "
                            + "or \(self.shared.configuration.http.maximumHeaderFieldCount) fields.\n"
                    )
                    : ServerResponse(status: .badRequest, text: "Not a valid HTTP request.\n")
            )
        case (.done, _):
            break
        default:
            self.drop()
        }
    }
}

// MARK: - Requests

extension HTTPConnectionHandler {
    private func received(_ head: HTTPRequestHead) {
        guard case .idle = self.state else { return }
        self.setDeadline(self.shared.configuration.http.requestTimeout)
        let headByteCount =
            head.uri.utf8.count + head.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        guard headByteCount <= self.shared.configuration.http.maximumHeadByteCount else {
            return self.refuseAndClose(
                ServerResponse(status: .requestHeaderFieldsTooLarge, text: "The request's header is too long.\n")
            )
        }
        guard let request = self.request(head) else {
            return self.refuseAndClose(
                ServerResponse(status: .badRequest, text: "The request must have one valid Host header.\n")
            )
        }
        let hasBody =
            head.headers.contains(name: "Transfer-Encoding")
            || head.headers["Content-Length"].contains { $0 != "0" }
        var incoming = Incoming(
            stopsDecoder: head.stopsDecoder,
            evaluation: ServerHandshake.evaluate(request, isHTTP11: head.isHTTP11, hasBody: hasBody),
            request: request,
            route: self.exchangeRoute(request),
            keepsAlive: head.isKeepAlive
        )
        if case .refused(let refusal) = incoming.evaluation, refusal.closesConnection {
            return self.refuseAndClose(ServerResponse(refusal))
        }
        if let (route, _) = incoming.route, hasBody, incoming.evaluation == .notAnUpgrade {
            // Told before the body comes, so that it need not be taken in to be refused.
            let exchange = self.makeExchange(incoming, isWebSocketRequest: false)
            incoming.exchange = exchange
            self.state = .receiving(incoming)
            route.serve(exchange)
            guard exchange.isOpen else { return }
        }
        if head.headers[canonicalForm: "Expect"].contains(where: { $0.equalsIgnoringASCIICase("100-continue") }) {
            self.write(.head(HTTPResponseHead(version: .http1_1, status: .continue)))
            self.context?.flush()
        }
        self.state = .receiving(incoming)
    }

    /// The request in terms of HTTP semantics; nil unless it has exactly one valid host (RFC 9112 §3.2).
    private func request(_ head: HTTPRequestHead) -> HTTPRequest? {
        let hosts = head.headers["Host"]
        guard hosts.count == 1 || (hosts.isEmpty && !head.isHTTP11) else { return nil }
        if let host = hosts.first { guard Endpoint(authority: host[...]) != nil else { return nil } }
        guard let method = try? HTTPRequest.Method(head.method) else { return nil }
        return HTTPRequest(
            method: method,
            scheme: self.shared.isSecure ? "https" : "http",
            authority: hosts.first,
            path: HTTPConnectionHandler.originForm(of: head.uri),
            headerFields: HTTPFields(head.headers, splitCookie: false)
        )
    }

    /// Path and query of a request target, which may be a whole URL (RFC 9112 §3.2.2).
    private static func originForm(of target: String) -> String {
        guard let separator = target.firstRange(of: "://"), !target.hasPrefix("/") else { return target }
        let rest = target[separator.upperBound...]
        guard let start = rest.utf8.firstIndex(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }) else {
            return "/"
        }
        return rest[start...].hasPrefix("/") ? String(rest[start...]) : "/" + rest[start...]
    }

    private func received(_ bytes: ByteBuffer) {
        guard case .receiving(var incoming) = self.state else { return }
        let limit =
            incoming.route?.route.configuration.maximumBodyByteCount
            ?? self.shared.configuration.http.maximumBodyByteCount
        guard incoming.body.readableBytes + bytes.readableBytes <= limit else {
            return self.refuseAndClose(
                ServerResponse(status: .contentTooLarge, text: "The body is over the limit.\n"), .bodyTooLarge)
        }
        self.state = .done
        incoming.body.writeImmutableBuffer(bytes)
        self.state = .receiving(incoming)
    }

    private func receivedEnd() {
        guard case .receiving(let incoming) = self.state else { return }
        self.state = .responding(incoming)
        switch incoming.evaluation {
        case .notAnUpgrade where incoming.route != nil:
            self.serveExchange(incoming)
        case .notAnUpgrade:
            self.setDeadline(self.shared.configuration.http.responseTimeout)
            self.serve(incoming)
        case .refused(let refusal):
            self.respond(ServerResponse(refusal))
        case .valid(let offer):
            self.decide(offer, incoming)
        }
    }

    func serverRequest(_ incoming: Incoming) -> ServerRequest {
        ServerRequest(
            head: incoming.request,
            body: incoming.body,
            remoteAddress: self.context?.channel.remoteAddress,
            isSecure: self.shared.isSecure
        )
    }

    private func serve(_ incoming: Incoming) {
        let request = self.serverRequest(incoming)
        guard let handler = self.shared.routes.http[request.path] ?? self.shared.routes.fallback else {
            let isWebSocketPath = self.shared.routes.webSocket[request.path] != nil
            return self.respond(isWebSocketPath ? ServerResponse(.upgradeRequired) : .notFound)
        }
        self.loop.submit {
            let response: ServerResponse
            do {
                response = try await handler(request)
            } catch {
                self.shared.logger.error(
                    "HTTP handler failed", metadata: ["path": "\(request.path)", "error": "\(error)"])
                response = .failed
            }
            self.loop.context.eventLoop.execute { self.respond(response) }
        }
    }
}

// MARK: - Responses

extension HTTPConnectionHandler {
    /// Answers the request at hand and makes ready for the next one.
    func respond(_ response: ServerResponse) {
        if case .receiving = self.state { return self.refuseAndClose(response) }
        guard case .responding(let incoming) = self.state, let context = self.context else { return }
        let keepsAlive = incoming.keepsAlive && !self.loop.isDraining
        let omitsBody = incoming.request.method == .head
        guard keepsAlive else {
            self.state = .done
            self.write(response, keepsAlive: false, omitsBody: omitsBody)
            return self.closeAfterWriting(context)
        }
        self.state = .flushing(incoming)
        self.write(response, keepsAlive: true, omitsBody: omitsBody)
        self.setDeadline(self.shared.configuration.http.idleTimeout)
        // A client that asks and asks without taking the answers would have them pile up.
        if !context.channel.isWritable { context.flush() }
        self.finishResponse()
    }

    /// The client has taken the response, or the rest of it fits into what may wait.
    private func finishResponse() {
        guard case .flushing(let incoming) = self.state, let context = self.context, context.channel.isWritable else {
            return
        }
        self.state = .idle
        // The pipelining handler hands over the next request now.
        self.write(.end(nil))
        context.flush()
        if incoming.stopsDecoder { self.restartDecoder(context) }
        if self.loop.isDraining { self.drain() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.finishResponse()
        context.fireChannelWritabilityChanged()
    }

    /// The request was no reason to leave HTTP, so the bytes behind it are HTTP.
    private func restartDecoder(_ context: ChannelHandlerContext) {
        do {
            try self.codec?.restartDecoder(on: context.pipeline.syncOperations)
        } catch {
            self.drop()
        }
    }

    /// Answers what can't be read on after.
    func refuseAndClose(_ response: ServerResponse, _ cause: HTTPExchange.AbortCause = .disconnected) {
        guard let context = self.context else { return }
        self.abortExchange(cause)
        self.state = .done
        self.write(response, keepsAlive: false, omitsBody: false)
        self.closeAfterWriting(context)
    }

    /// Our side is closed first and the rest is read and thrown away, up to the deadline: closing with bytes unread would
    /// reset the connection and lose the response.
    private func closeAfterWriting(_ context: ChannelHandlerContext) {
        self.setDeadline(self.shared.configuration.connection.closeTimeout)
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(NIOAny(HTTPServerResponsePart.end(nil)), promise: written)
        written.futureResult.assumeIsolated().whenComplete { _ in
            self.context?.close(mode: .output, promise: nil)
        }
    }

    private func write(_ response: ServerResponse, keepsAlive: Bool, omitsBody: Bool) {
        var headers = HTTPHeaders(response.headerFields)
        headers.remove(name: "Transfer-Encoding")
        headers.replaceOrAdd(name: "Content-Length", value: "\(response.body.readableBytes)")
        if !keepsAlive {
            headers.replaceOrAdd(name: "Connection", value: "close")
        }
        let status = HTTPResponseStatus(
            statusCode: response.status.code,
            reasonPhrase: response.status.reasonPhrase
        )
        self.write(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)))
        if !omitsBody && response.body.readableBytes > 0 { self.write(.body(.byteBuffer(response.body))) }
    }

    func write(_ part: HTTPServerResponsePart) {
        self.context?.write(self.wrapOutboundOut(part), promise: nil)
    }
}

// MARK: - Deadlines and shutdown

extension HTTPConnectionHandler {
    func setDeadline(_ timeout: Duration) {
        self.loop.context.deadlines.schedule(self, at: DeadlineWheel.now().advanced(by: timeout))
    }

    func deadlineReached(now: MonotonicTime) -> MonotonicTime? {
        switch self.state {
        case .receiving:
            self.refuseAndClose(
                ServerResponse(status: .requestTimeout, text: "The request took too long.\n"), .timedOut)
        case .responding:
            self.refuseAndClose(
                ServerResponse(status: .serviceUnavailable, text: "The server took too long.\n"), .timedOut)
        case .idle, .flushing, .done:
            self.drop()
        }
        return nil
    }

    /// The server shuts down: nothing new is begun, what is begun is finished.
    func drain() {
        if case .idle = self.state { self.drop() }
    }

    func drop() {
        self.abortExchange(.disconnected)
        self.state = .done
        self.context?.close(promise: nil)
    }
}

extension HTTPRequestHead {
    /// True for HTTP/1.1 and later versions of HTTP/1.
    fileprivate var isHTTP11: Bool { self.version.major == 1 && self.version.minor >= 1 }

    /// True if NIO's decoder takes this for the last request of HTTP on the connection, whatever the protocol named.
    fileprivate var stopsDecoder: Bool {
        self.method == .CONNECT
            || self.headers.contains(name: "Upgrade")
                && self.headers[canonicalForm: "Connection"].contains { $0.equalsIgnoringASCIICase("upgrade") }
    }
}
