public import NIOCore

/// One message of a session. A session keeps kind and boundaries on either transport.
public enum EngineIOMessage: Sendable, Hashable {
    /// UTF-8, which is not checked on the way out, without the byte 0x1E: that one separates packets while polling.
    /// JSON writes it as an escape, so JSON is always fine.
    case text(ByteBuffer)
    case binary(ByteBuffer)

    /// A text message.
    public static func text(_ text: String) -> EngineIOMessage {
        .text(ByteBuffer(string: text))
    }

    /// The payload, without what the transport adds to it.
    public var bytes: ByteBuffer {
        switch self {
        case .text(let bytes), .binary(let bytes): bytes
        }
    }
}
