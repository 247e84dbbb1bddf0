/// The peer broke a rule; the connection fails with the rule's close code (RFC 6455 §7.1.7).
public struct ProtocolViolation: Error, Sendable, Hashable, CustomStringConvertible {
    /// The rule in a few ASCII words: stable, at most 123 bytes, and sent to the peer as the close reason.
    public let rule: String
    /// Where the rule stands, such as "RFC 6455 §5.1".
    public let section: String
    public let closeCode: CloseCode

    package init(_ rule: String, _ section: String, _ closeCode: CloseCode) {
        self.rule = rule
        self.section = section
        self.closeCode = closeCode
    }

    public var description: String { "\(self.rule) (\(self.section), close code \(self.closeCode.rawValue))" }
}

// Framing (§5.2) and masking (§5.1).
extension ProtocolViolation {
    public static let reservedBits = Self("reserved bit set without an extension", "RFC 6455 §5.2", .protocolError)
    public static let reservedOpcode = Self("reserved opcode", "RFC 6455 §5.2", .protocolError)
    public static let unmaskedFrame = Self("frame from a client is not masked", "RFC 6455 §5.1", .protocolError)
    public static let maskedFrame = Self("frame from a server is masked", "RFC 6455 §5.1", .protocolError)
    public static let lengthNotMinimal = Self("payload length not minimal", "RFC 6455 §5.2", .protocolError)
    public static let lengthTopBit = Self("64-bit length has its top bit set", "RFC 6455 §5.2", .protocolError)
}

// Fragmentation (§5.4) and control frames (§5.5).
extension ProtocolViolation {
    public static let controlFrameFragmented = Self("fragmented control frame", "RFC 6455 §5.4", .protocolError)
    public static let controlFrameTooLong = Self("control frame over 125 bytes", "RFC 6455 §5.5", .protocolError)
    public static let continuationWithoutStart = Self("continuation without a start", "RFC 6455 §5.4", .protocolError)
    public static let messageInsideMessage = Self("new message inside a message", "RFC 6455 §5.4", .protocolError)
    public static let closeBodyOneByte = Self("close body of one byte", "RFC 6455 §5.5.1", .protocolError)
    public static let closeCodeInvalid = Self("invalid close code", "RFC 6455 §7.4", .protocolError)
    public static let closeReasonNotUTF8 = Self("close reason is not UTF-8", "RFC 6455 §5.5.1", .invalidPayload)
}

// Data (§8.1) and limits (§10.4).
extension ProtocolViolation {
    public static let textNotUTF8 = Self("text is not UTF-8", "RFC 6455 §8.1", .invalidPayload)
    public static let frameTooBig = Self("frame too big", "RFC 6455 §10.4", .messageTooBig)
    public static let messageTooBig = Self("message too big", "RFC 6455 §10.4", .messageTooBig)
    public static let tooManyFragments = Self("too many fragments", "RFC 6455 §10.4", .policyViolation)
}

// Compression (RFC 7692).
extension ProtocolViolation {
    public static let invalidDeflateData = Self("invalid deflate data", "RFC 7692 §7.2.2", .invalidPayload)
}
