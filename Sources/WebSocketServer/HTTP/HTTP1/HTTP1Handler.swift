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
/// the last.
final class HTTP1Handler: ChannelInboundHandler, RemovableChannelHandler, RequestHandler, HTTPConnection,
    @unchecked Sendable
{
    // Safety: everything that changes is touched on the channel's event loop only.

    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    let shared: ServerCore
    let loop: ServerLoop
    let peer: PeerInformation
    /// Of the request at hand.
    private(set) var version = HTTPProtocolVersion.http11
    var stream: StreamTransport? { nil }
    var state = RequestState.idle
    var onResponseTaken: (() -> Void)?
    /// The connection goes on after the request at hand.
    private var keepsAlive = true
    /// NIO's decoder takes the request at hand for the last of HTTP on the connection.
    private var stopsDecoder = false
    private var context: ChannelHandlerContext?
    var codec: HTTP1Codec?
    var deadlineTick: Int64?

    /// When the head of the first request must be there.
    private let firstDeadline: MonotonicTime

    init(shared: ServerCore, loop: ServerLoop, peer: PeerInformation, firstDeadline: MonotonicTime) {
        self.shared = shared
        self.loop = loop
        self.peer = peer
        self.firstDeadline = firstDeadline
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.loop.opened(self)
        self.loop.context.deadlines.schedule(self, at: self.firstDeadline)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.abortExchange(.disconnected)
        self.responseTaken()
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

extension HTTP1Handler {
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
        self.keepsAlive = head.isKeepAlive
        self.stopsDecoder = head.stopsDecoder
        self.version = head.httpVersion
        let evaluation = ServerHandshake.evaluate(request, version: self.version, hasBody: hasBody)
        guard self.received(request, evaluation, hasBody: hasBody) else { return }
        if head.headers[canonicalForm: "Expect"].contains(where: { $0.equalsIgnoringASCIICase("100-continue") }) {
            self.write(.head(HTTPResponseHead(version: .http1_1, status: .continue)))
            self.context?.flush()
        }
    }

    /// The request in terms of HTTP semantics; nil unless it has exactly one valid host (RFC 9112 §3.2).
    private func request(_ head: HTTPRequestHead) -> HTTPRequest? {
        let hosts = head.headers["Host"]
        guard hosts.count == 1 || (hosts.isEmpty && head.httpVersion == .http10) else { return nil }
        if let host = hosts.first { guard Endpoint(authority: host[...]) != nil else { return nil } }
        guard let method = try? HTTPRequest.Method(head.method) else { return nil }
        return HTTPRequest(
            method: method,
            scheme: self.peer.isSecure ? "https" : "http",
            authority: hosts.first,
            path: HTTP1Handler.originForm(of: head.uri),
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
}

// MARK: - Responses

extension HTTP1Handler {
    /// Answers the request at hand and makes ready for the next one.
    func respond(_ response: ServerResponse) {
        let omitsBody: Bool
        switch self.state {
        case .receiving: return self.refuseAndClose(response)
        case .responding(let incoming): omitsBody = incoming.request.method == .head
        case .waiting(_, let omits): omitsBody = omits
        case .idle, .flushing, .done: return
        }
        guard let context = self.context else { return }
        let keepsAlive = self.keepsAlive && !self.loop.isDraining
        guard keepsAlive else {
            self.state = .done
            self.write(response, keepsAlive: false, omitsBody: omitsBody)
            return self.closeAfterWriting(context)
        }
        self.state = .flushing
        self.write(response, keepsAlive: true, omitsBody: omitsBody)
        self.setDeadline(self.shared.configuration.http.idleTimeout)
        // A client that asks and asks without taking the answers would have them pile up.
        if !context.channel.isWritable { context.flush() }
        self.finishResponse()
    }

    /// The client has taken the response, or the rest of it fits into what may wait.
    private func finishResponse() {
        guard case .flushing = self.state, let context = self.context, context.channel.isWritable else { return }
        self.state = .idle
        self.responseTaken()
        let stopsDecoder = self.stopsDecoder
        // The pipelining handler hands over the next request now.
        self.write(.end(nil))
        context.flush()
        if stopsDecoder { self.restartDecoder(context) }
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
    func refuseAndClose(_ response: ServerResponse, _ cause: HTTPExchange.AbortCause) {
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
            self.responseTaken()
            self.context?.close(mode: .output, promise: nil)
        }
    }

    private func write(_ response: ServerResponse, keepsAlive: Bool, omitsBody: Bool) {
        var headers = HTTPHeaders(response.headerFields)
        headers.remove(name: "Transfer-Encoding")
        headers.replaceOrAdd(name: "Content-Length", value: "\(response.body.readableBytes)")
        if !keepsAlive {
            // A response that names protocols to upgrade to says so here, too (RFC 9110 §7.8).
            let options = headers.contains(name: "Upgrade") ? "close, Upgrade" : "close"
            headers.replaceOrAdd(name: "Connection", value: options)
        }
        let status = HTTPResponseStatus(
            statusCode: response.status.code,
            reasonPhrase: response.status.reasonPhrase
        )
        self.write(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)))
        if !omitsBody && response.body.readableBytes > 0 { self.write(.body(.byteBuffer(response.body))) }
    }

    private func write(_ part: HTTPServerResponsePart) {
        self.context?.write(self.wrapOutboundOut(part), promise: nil)
    }
}

// MARK: - Making way

extension HTTP1Handler {
    func open(_ handler: ConnectionHandler, _ response: HTTPResponse) throws {
        guard let context = self.context, let codec = self.codec else { throw ChannelError.ioOnClosedChannel }
        self.write(
            .head(
                HTTPResponseHead(
                    version: .http1_1, status: .switchingProtocols, headers: HTTPHeaders(response.headerFields))))
        self.write(.end(nil))
        handler.hasUnflushedHandshake()
        let pipeline = context.pipeline.syncOperations
        try pipeline.addHandler(handler)
        if self.isOnSocket {
            try handler.beginOnSocket(context.channel)
        }
        codec.remove(from: pipeline, with: self)
    }

    /// What is read goes straight to the connection: nothing in between keeps the buffer.
    var isOnSocket: Bool { !self.peer.isSecure }

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
    /// HTTP/1.1 stands for later versions of HTTP/1 as well.
    fileprivate var httpVersion: HTTPProtocolVersion {
        self.version.major == 1 && self.version.minor >= 1 ? .http11 : .http10
    }

    /// True if NIO's decoder takes this for the last request of HTTP on the connection, whatever the protocol named.
    fileprivate var stopsDecoder: Bool {
        self.method == .CONNECT
            || self.headers.contains(name: "Upgrade")
                && self.headers[canonicalForm: "Connection"].contains { $0.equalsIgnoringASCIICase("upgrade") }
    }
}
