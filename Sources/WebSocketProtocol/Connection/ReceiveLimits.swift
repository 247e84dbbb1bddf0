/// Ceilings on what a peer may send (RFC 6455 §10.4). All are on by default.
public struct ReceiveLimits: Sendable, Hashable {
    /// The longest message in bytes after reassembly. Default 1 MiB: enough for any chat or state message, small enough
    /// that a thousand hostile connections stay within a gigabyte. Over it: close 1009, as soon as a header
    /// shows it, or of a compressed message as soon as it has become longer than that.
    public var maximumMessageByteCount: Int

    /// The longest payload of one frame in bytes. Default 1 MiB, as for a message. Over it: close 1009. Compressed payload may
    /// be longer than either limit by an eighth and 64 bytes: what can't be compressed grows, and peers that compress
    /// everything send it so.
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

    /// True if so many bytes on the wire are within a limit. zlib's bound for any window and memory level is an eighth more
    /// than there was to compress; the rest is for empty blocks. What inflation makes of them is held to the limit itself.
    @inline(__always)
    static func allows(_ byteCount: Int, upTo limit: Int, _ isCompressed: Bool) -> Bool {
        byteCount <= limit || isCompressed && byteCount &- limit <= limit >> 3 &+ 64
    }
}
