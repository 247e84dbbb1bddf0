/// How messages are compressed with permessage-deflate (RFC 7692), if the peer agrees.
///
/// Between messages a connection keeps the last bytes of what it has sent and received, as far back as the windows reach:
/// 4 KiB in each direction with the defaults on both sides, nothing before the first compressed message. A peer that agrees
/// to no window sends with the largest, and what is kept of it grows to 32 KiB. The choices, and the measurements behind
/// the defaults, are in docs/decisions/0003.
///
/// Where secrets and text that an attacker chooses are compressed together over TLS, the length of a message tells about
/// the secret (CRIME, BREACH; RFC 7692 §8). Leave compression off there, send such messages with `compress: false`, or
/// turn ``sendContextTakeover`` off if they share a connection but no message.
public struct CompressionConfiguration: Sendable, Hashable {
    /// Messages shorter than this many bytes are sent as they are. Default 128: below, what is saved on the wire costs
    /// more than the packet that carries it.
    public var threshold = 128 {
        didSet { precondition(self.threshold >= 0, "the threshold is a number of bytes, 0 or more") }
    }

    /// zlib's level, 1 (fast) to 9 (small). Default 1: 6 saves up to an eighth of the bytes for up to 1.7
    /// times the CPU time.
    public var level = 1 {
        didSet { precondition((1...9).contains(self.level), "the level of compression is from 1 to 9") }
    }

    /// zlib's memory level, 1 to 9: how large the tables of a compressor are. Connections share compressors, so this costs no
    /// memory per connection; larger tables take longer to clear for each message. Default 5.
    public var memoryLevel = 5 {
        didSet { precondition((1...9).contains(self.memoryLevel), "the memory level is from 1 to 9") }
    }

    /// The base-2 logarithm of how far back in what we send a repetition may refer, 8 to 15. Default 12, 4 KiB.
    public var sendWindowBits = 12 {
        didSet { precondition((8...15).contains(self.sendWindowBits), "window bits are from 8 to 15") }
    }

    /// The same for what the peer sends; a peer that can't be asked for it gets the largest, 15. Default nil: a server asks
    /// for 12, a client does not ask, because some servers promise what they are asked for and do otherwise (AWS API
    /// Gateway). Many say unasked that they send less.
    public var receiveWindowBits: Int? {
        didSet {
            precondition(self.receiveWindowBits.map((8...15).contains) ?? true, "window bits are from 8 to 15")
        }
    }

    /// Messages may refer to earlier ones that we sent. Default true.
    public var sendContextTakeover = true

    /// Messages may refer to earlier ones that the peer sent. Default true; with false the peer is asked not to.
    public var receiveContextTakeover = true

    public init() {}
}
