/// Text or binary (RFC 6455 §5.6).
public enum MessageKind: Sendable, Hashable {
    /// UTF-8 text.
    case text
    /// Bytes whose meaning is the application's.
    case binary

    @inlinable
    public var opcode: Opcode {
        switch self {
        case .text: .text
        case .binary: .binary
        }
    }
}
