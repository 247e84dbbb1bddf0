internal import Crypto
internal import NIOCore
package import NIOSSL
internal import NIOTLS

/// What a TLS handshake agreed on.
package struct TLSAgreement: Sendable {
    package let version: TLSVersion?
    /// By ALPN (RFC 7301); nil if the server chose none.
    package let applicationProtocol: String?
}

/// Adds TLS to a channel and waits for its handshake.
final class TLSLayer: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    // Safety: touched on the channel's event loop only.

    typealias InboundIn = Any

    private let done: EventLoopPromise<TLSAgreement>
    /// Whom the certificate must be for; nil for anybody.
    private let identity: String?
    private let pins: Set<PublicKeyPin>?
    private let tls: NIOSSLClientHandler

    /// - Returns: what was agreed on, as soon as it is and before anything behind it is read.
    static func add(to channel: any Channel, _ context: TLSContexts.Context, host: String, pins: Set<PublicKeyPin>?)
        -> EventLoopFuture<TLSAgreement>
    {
        let done = channel.eventLoop.makePromise(of: TLSAgreement.self)
        let identity = context.verifiesIdentity ? host : nil
        do {
            let tls = try NIOSSLClientHandler(context: context.context, serverHostname: TLSLayer.serverName(host))
            try channel.pipeline.syncOperations.addHandlers([
                tls, TLSLayer(done: done, identity: identity, pins: pins, tls: tls),
            ])
        } catch {
            done.fail(error)
        }
        return done.futureResult
    }

    /// Server name indication is for names (RFC 6066 §3).
    static func serverName(_ host: String) -> String? {
        (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
    }

    private init(
        done: EventLoopPromise<TLSAgreement>, identity: String?, pins: Set<PublicKeyPin>?, tls: NIOSSLClientHandler
    ) {
        self.done = done
        self.identity = identity
        self.pins = pins
        self.tls = tls
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let name)? = event as? TLSUserEvent {
            if let objection = self.objection() {
                self.done.fail(ConnectError(.tls, "TLS failed: \(objection)"))
                return context.close(promise: nil)
            }
            self.done.succeed(TLSAgreement(version: self.tls.tlsVersion, applicationProtocol: name))
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// What is wrong with the server, although its certificate is in order.
    private func objection() -> String? {
        if let identity, self.tls.peerCertificate.map({ ServerIdentity.isShown(by: $0, host: identity) }) != true {
            return "the certificate is not for \(identity)"
        }
        if let pins, !pins.isEmpty, !self.isPinned(pins) {
            return "the server's public key is none of those in pinnedKeys"
        }
        return nil
    }

    private func isPinned(_ pins: Set<PublicKeyPin>) -> Bool {
        guard let bytes = try? self.tls.peerCertificate?.extractPublicKey().toSPKIBytes() else { return false }
        return pins.contains(PublicKeyPin(sha256: Array(SHA256.hash(data: bytes))))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.done.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.done.fail(ConnectError(.network, "the server closed the connection before the handshake was complete"))
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.done.fail(ChannelError.ioOnClosedChannel)
    }
}
