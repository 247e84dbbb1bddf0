/// Ceilings on what a peer may send (RFC 6455 §10.4). All are on by default.
public struct ReceiveLimits: Sendable, Hashable {
    /// The longest message in bytes after reassembly. Default 1 MiB: enough for any chat or state message, small enough
    /// that a thousand hostile connections stay within a gigabyte. Over it: close 1009, as soon as a header
    /// shows it. Of a compressed message it bounds both what is on the wire and what that becomes.
    public var maximumMessageByteCount: Int

    /// The longest payload of one frame in bytes. Default 1 MiB, as for a message. Over it: close 1009.
    public var maximumFrameByteCount: Int

    /// The most fragments a message may come in, empty ones counted. Default 131,072: fragments are gathered into one
    /// buffer, so the limit bounds the work for one message, not memory. Over it: close 1008.
    public var maximumFragmentCount: Int

    public init(
        maximumMessageByteCount: Int = 1 << 20,
        maximumFrameByteCount: Int = 1 << 20,
        maximumFragmentCount: Int = 1 << 17
    ) {
        self.maximumMessageByteCount = maximumMessageByteCount
        self.maximumFrameByteCount = maximumFrameByteCount
        self.maximumFragmentCount = maximumFragmentCount
    }
}
