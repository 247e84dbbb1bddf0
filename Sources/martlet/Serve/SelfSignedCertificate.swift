internal import Crypto
internal import Foundation
internal import NIOCore
internal import NIOSSL
internal import SwiftASN1
internal import WebSocketNIO
internal import X509

/// A certificate made on the spot, for a first try of TLS: valid for this machine's loopback names and for a week.
struct SelfSignedCertificate {
    let chain: [NIOSSLCertificateSource]
    let key: NIOSSLPrivateKeySource
    /// SHA-256 of the certificate in DER, in hexadecimal with colons, as browsers show it.
    let fingerprint: String

    /// - Parameter hosts: further names and addresses that it is valid for.
    init(hosts: [String]) throws {
        let key = P256.Signing.PrivateKey()
        let name = try DistinguishedName { CommonName("Martlet, made for a first try") }
        let now = Date()
        var names: [GeneralName] = [
            .dnsName("localhost"), .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
            .ipAddress(ASN1OctetString(contentBytes: [UInt8](repeating: 0, count: 15) + [1])),
        ]
        for host in hosts {
            let bytes = (try? SocketAddress(ipAddress: host, port: 0))?.addressBytes
            let name = bytes.map { GeneralName.ipAddress(ASN1OctetString(contentBytes: $0[...])) } ?? .dnsName(host)
            if !names.contains(name) { names.append(name) }
        }
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: Certificate.PublicKey(key.publicKey),
            // A clock that is a little behind shall not be a problem.
            notValidBefore: now.addingTimeInterval(-3600),
            notValidAfter: now.addingTimeInterval(7 * 24 * 3600),
            issuer: name,
            subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                SubjectAlternativeNames(names)
                try ExtendedKeyUsage([.serverAuth])
            },
            issuerPrivateKey: Certificate.PrivateKey(key)
        )
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        let bytes = serializer.serializedBytes
        self.chain = [.certificate(try NIOSSLCertificate(bytes: bytes, format: .der))]
        self.key = .privateKey(try NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der))
        self.fingerprint = SHA256.hash(data: bytes).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return digits.count == 1 ? "0" + digits : digits
        }.joined(separator: ":")
    }
}
