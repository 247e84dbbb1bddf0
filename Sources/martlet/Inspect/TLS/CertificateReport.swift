internal import Crypto
internal import Foundation
internal import NIOCore
internal import SwiftASN1
internal import X509

extension Report.Certificate {
    /// - Parameter bytes: DER. Nil if it is no certificate.
    init?(_ bytes: [UInt8], now: Date = Date()) {
        guard let certificate = try? Certificate(derEncoded: bytes) else { return nil }
        var serializer = DER.Serializer()
        try? serializer.serialize(certificate.publicKey)
        let names = try? certificate.extensions.subjectAlternativeNames
        self.init(
            subject: "\(certificate.subject)",
            issuer: "\(certificate.issuer)",
            notBefore: certificate.notValidBefore.formatted(.iso8601),
            notAfter: certificate.notValidAfter.formatted(.iso8601),
            isInForce: certificate.notValidBefore <= now && now <= certificate.notValidAfter,
            names: names?.compactMap(Report.Certificate.text) ?? [],
            publicKey: "\(certificate.publicKey)".replacing(".PublicKey", with: ""),
            fingerprint: TerminalText.hexadecimal(SHA256.hash(data: bytes), separator: ":").uppercased(),
            publicKeyPin: TerminalText.hexadecimal(SHA256.hash(data: serializer.serializedBytes))
        )
    }

    private static func text(_ name: GeneralName) -> String? {
        switch name {
        case .dnsName(let name): return name
        case .ipAddress(let address):
            let bytes = ByteBuffer(bytes: address.bytes)
            return (try? SocketAddress(packedIPAddress: bytes, port: 0))?.ipAddress
        default: return nil
        }
    }
}
