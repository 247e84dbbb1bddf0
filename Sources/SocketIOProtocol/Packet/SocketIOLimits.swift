/// Ceilings for what a peer sends. Beyond one the session ends with "parse error".
public struct SocketIOLimits: Sendable, Hashable {
    /// The most attachments of one packet. Default 10, as in the JavaScript parser. They wait in memory until the last has
    /// come. What we send has no more either, be it an event or an acknowledgment.
    public var maximumAttachmentCount = 10
    /// How deep arrays and objects may be nested. Default 64: deeper than data that people make, and far from the end of a
    /// thread's stack.
    public var maximumNestingDepth = 64
    /// The longest name of a namespace, in bytes. Default 256.
    public var maximumNamespaceByteCount = 256

    public init() {}
}
