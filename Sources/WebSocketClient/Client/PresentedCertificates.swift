internal import NIOCore
internal import NIOSSL
internal import WebSocketNIO
package import WebSocketProtocol

extension WebSocketClient {
    /// The certificates that a server shows in its TLS handshake, its own first, in DER: trusted or not. A connection of its
    /// own is made for that and ended in the middle of the handshake. None if the URL does not ask for TLS.
    package func presentedCertificates(of url: WebSocketURL) async throws -> [[UInt8]] {
        guard url.isSecure else { return [] }
        var tls = self.configuration.tls
        tls.certificateVerification = .fullVerification
        let context = try NIOSSLContext(configuration: tls)
        let deadline = DeadlineWheel.now().advanced(by: self.configuration.connectTimeout)
        return try await self.dial(url, until: deadline) { eventLoop, watch in
            let dialer = Dialer(
                configuration: self.configuration, tlsContexts: self.tlsContexts, eventLoop: eventLoop,
                deadline: deadline, watch: watch)
            let shown = eventLoop.makePromise(of: [[UInt8]].self)
            let dialed = dialer.dial(url, tls: nil) { channel, _ in
                let handler = try NIOSSLClientHandler(
                    context: context, serverHostname: TLSLayer.serverName(url.host)
                ) { (certificates, verdict: EventLoopPromise<NIOSSLVerificationResult>) in
                    // That none of them is accepted ends the connection.
                    verdict.succeed(.failed)
                    shown.completeWith(Result { try certificates.map { try $0.toDERBytes() } })
                }
                try channel.pipeline.syncOperations.addHandler(handler)
                channel.closeFuture.whenComplete { _ in shown.fail(ChannelError.eof) }
            }
            dialed.cascadeFailure(to: shown)
            return try await shown.futureResult.get()
        }
    }
}
