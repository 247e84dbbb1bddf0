/// A public key that a server must have, by the SHA-256 of its SubjectPublicKeyInfo (as in RFC 7469 §2.4).
///
///     openssl x509 -in certificate.pem -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256
public struct PublicKeyPin: Sendable, Hashable {
    /// 32 bytes.
    public let sha256: [UInt8]

    public init(sha256: [UInt8]) {
        self.sha256 = sha256
    }

    /// - Parameter hexadecimal: 64 digits; colons between them are ignored. Nil for anything else.
    public init?(hexadecimal: String) {
        let digits = hexadecimal.filter { $0 != ":" }.utf8
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        var rest = digits[...]
        while !rest.isEmpty {
            guard let byte = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        self.sha256 = bytes
    }
}
