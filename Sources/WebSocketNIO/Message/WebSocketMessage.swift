public import NIOCore
public import WebSocketProtocol

/// One message: UTF-8 text or bytes (RFC 6455 §5.6).
public struct WebSocketMessage: Sendable, Hashable {
    public let kind: MessageKind
    /// The payload. Of a text message: valid UTF-8, always.
    public let bytes: ByteBuffer

    /// A text message.
    public init(_ text: String) {
        self.init(uncheckedKind: .text, bytes: ByteBuffer(string: text))
    }

    /// A binary message.
    public init(_ bytes: ByteBuffer) {
        self.init(uncheckedKind: .binary, bytes: bytes)
    }

    /// A binary message.
    public init(_ bytes: some Sequence<UInt8>) {
        self.init(uncheckedKind: .binary, bytes: ByteBuffer(bytes: bytes))
    }

    /// A text message from bytes.
    /// - Returns: nil if they are not valid UTF-8, which a text message must be (RFC 6455 §8.1).
    public init?(validating utf8: ByteBuffer) {
        var validator = UTF8Validator()
        guard utf8.withUnsafeReadableBytes({ validator.validate($0) }), validator.isAtBoundary else { return nil }
        self.init(uncheckedKind: .text, bytes: utf8)
    }

    @inlinable
    package init(uncheckedKind kind: MessageKind, bytes: ByteBuffer) {
        self.kind = kind
        self.bytes = bytes
    }

    /// The text of a text message; nil for a binary one. Makes a `String` on each call.
    public var text: String? {
        self.kind == .text ? String(buffer: self.bytes) : nil
    }
}
