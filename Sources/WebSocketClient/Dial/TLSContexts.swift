internal import NIOConcurrencyHelpers
internal import NIOSSL

/// What TLS is made with, once for each use: reading the system's root certificates takes its time.
final class TLSContexts: Sendable {
    struct Context: Sendable {
        let context: NIOSSLContext
        /// Whether the certificate must be for the host. ``ServerIdentity`` sees to that, not NIOSSL.
        let verifiesIdentity: Bool
    }

    private enum Use: Hashable {
        case server(applicationProtocols: [String], presentsCertificate: Bool)
        case proxy
    }

    private let configuration: TLSConfiguration
    private let made = NIOLockedValueBox<[Use: Context]>([:])

    init(_ configuration: TLSConfiguration) {
        self.configuration = configuration
    }

    /// - Parameters:
    ///   - applicationProtocols: to offer by ALPN.
    ///   - presentsCertificate: false where a certificate of the client, if there is one, is nobody's business.
    func server(_ applicationProtocols: [String], presentsCertificate: Bool) throws -> Context {
        try self.context(.server(applicationProtocols: applicationProtocols, presentsCertificate: presentsCertificate))
    }

    /// A proxy is trusted or not as any server is, and told nothing about us.
    func proxy() throws -> Context {
        try self.context(.proxy)
    }

    private func context(_ use: Use) throws -> Context {
        try self.made.withLockedValue { made in
            if let context = made[use] { return context }
            var tls = self.configuration
            switch use {
            case .server(let applicationProtocols, let presentsCertificate):
                tls.applicationProtocols = applicationProtocols
                if !presentsCertificate {
                    tls.certificateChain = []
                    tls.privateKey = nil
                    tls.sslContextCallback = nil
                }
            case .proxy:
                tls = .makeClientConfiguration()
                tls.trustRoots = self.configuration.trustRoots
                tls.additionalTrustRoots = self.configuration.additionalTrustRoots
                tls.certificateVerification = self.configuration.certificateVerification
            }
            let verifiesIdentity = tls.certificateVerification == .fullVerification
            if verifiesIdentity { tls.certificateVerification = .noHostnameVerification }
            do {
                let context = Context(
                    context: try NIOSSLContext(configuration: tls), verifiesIdentity: verifiesIdentity)
                made[use] = context
                return context
            } catch {
                throw ConnectError(.tls, "the TLS configuration is not valid: \(error)", underlying: error)
            }
        }
    }
}
