/// The key of an opening handshake and the proof that answers it (RFC 6455 §1.3, §4.1, §4.2.2).
public struct HandshakeKey: Sendable, Hashable {
    /// The value of `Sec-WebSocket-Key`: base64 of 16 bytes.
    public let value: String

    /// What every server appends to the key.
    public static let guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// A client's key from 16 random bytes, which must be fresh for each connection and unpredictable.
    /// - Returns: nil unless there are 16.
    public init?(nonce: [UInt8]) {
        guard nonce.count == 16 else { return nil }
        self.value = Base64.encode(nonce)
    }

    /// A received key.
    /// - Returns: nil unless it is base64 that decodes to 16 bytes.
    public init?(received value: String) {
        guard value.utf8.count == 24, Base64.decode(value)?.count == 16 else { return nil }
        self.value = value
    }

    /// The value of `Sec-WebSocket-Accept`: base64(SHA-1(key + GUID)).
    public var acceptValue: String {
        Base64.encode(self.acceptDigest)
    }

    /// SHA-1(key + GUID), 20 bytes.
    public var acceptDigest: [UInt8] {
        SHA1.hash(Array((self.value + HandshakeKey.guid).utf8))
    }
}
