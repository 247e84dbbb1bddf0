internal import Logging
internal import NIOCore
internal import NIOSSL
internal import NIOTLS
internal import WebSocketNIO
internal import WebSocketProtocol

/// Finds out whether a new connection speaks HTTP/1.1 or HTTP/2, and makes the pipeline for it.
///
/// With TLS the client says so in its hello (ALPN, RFC 7301). Without, HTTP/2 begins with a preface that is no request of
/// HTTP/1.1, and the first byte that differs decides (RFC 9113 §3.4).
final class ProtocolChooser: ChannelInboundHandler, RemovableChannelHandler, DeadlineTarget, HTTPConnection,
    @unchecked Sendable
{
    // Safety: touched on the channel's event loop only.

    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private let shared: ServerCore
    private let loop: ServerLoop
    private let isSecure: Bool
    /// When the head of the first request must be there.
    private let deadline: MonotonicTime
    private var received = ByteBuffer()
    /// Knows whose connection it is, if a proxy says so.
    private let proxyHeader: ProxyHeaderHandler?
    private var context: ChannelHandlerContext?
    var deadlineTick: Int64?

    /// - Parameter proxyHeader: is further in front, if the peer is a proxy that says whose connection it is.
    init(shared: ServerCore, loop: ServerLoop, isSecure: Bool, proxyHeader: ProxyHeaderHandler?) {
        self.proxyHeader = proxyHeader
        self.shared = shared
        self.loop = loop
        self.isSecure = isSecure
        self.deadline = DeadlineWheel.now().advanced(by: shared.configuration.http.requestTimeout)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.loop.opened(self)
        self.loop.context.deadlines.schedule(self, at: self.deadline)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.loop.context.deadlines.remove(self)
        self.loop.closed(self)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let name)? = event as? TLSUserEvent { self.choose(isHTTP2: name == "h2") }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.received.writeImmutableBuffer(self.unwrapInboundIn(data))
        guard !self.isSecure else { return }
        let seen = self.received.readableBytesView.prefix(ProtocolChooser.preface.count)
        if !ProtocolChooser.preface.starts(with: seen) {
            self.choose(isHTTP2: false)
        } else if seen.count == ProtocolChooser.preface.count {
            self.choose(isHTTP2: true)
        }
    }

    private func choose(isHTTP2: Bool) {
        guard let context = self.context else { return }
        let pipeline = context.pipeline.syncOperations
        let certificate = self.isSecure ? try? pipeline.handler(type: NIOSSLServerHandler.self).peerCertificate : nil
        let peer = PeerInformation(
            address: self.proxyHeader?.client ?? context.channel.remoteAddress, isSecure: self.isSecure,
            certificate: certificate)
        do {
            if isHTTP2 {
                try HTTP2ConnectionHandler.install(
                    on: context.channel, shared: self.shared, loop: self.loop, peer: peer,
                    firstDeadline: self.deadline)
            } else {
                let handler = HTTP1Handler(
                    shared: self.shared, loop: self.loop, peer: peer, firstDeadline: self.deadline)
                try HTTP1Codec.install(on: pipeline, limits: self.shared.configuration.http, before: handler)
            }
        } catch {
            return self.drop()
        }
        if self.received.readableBytes > 0 {
            context.fireChannelRead(self.wrapInboundOut(self.received))
            context.fireChannelReadComplete()
        }
        pipeline.removeHandler(self, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.shared.logger.debug("connection failed", metadata: ["error": "\(error)"])
        self.drop()
    }

    func deadlineReached(now: MonotonicTime) -> MonotonicTime? {
        self.drop()
        return nil
    }

    func drain() {
        self.drop()
    }

    func drop() {
        self.context?.close(promise: nil)
    }
}
