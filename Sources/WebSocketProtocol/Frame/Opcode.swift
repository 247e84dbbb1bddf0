/// What a frame carries (RFC 6455 §5.2, §11.8).
public enum Opcode: UInt8, Sendable, Hashable {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    /// Close, Ping and Pong are control frames: at most 125 bytes, never fragmented (§5.5).
    @inlinable
    public var isControl: Bool { self.rawValue & 0x8 != 0 }
}
