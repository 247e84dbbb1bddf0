internal import NIOCore
internal import NIOSSL

/// Who is at the other end of a connection.
struct PeerInformation: Sendable {
    /// Nil where the transport has none.
    var address: SocketAddress?
    /// True if it came over TLS.
    var isSecure: Bool
    /// What the client proved its identity with, if it was asked to.
    var certificate: NIOSSLCertificate?
}
