internal import NIOCore
internal import WebSocketProtocol

/// What one read brought, in order, before any of it is delivered.
///
/// Payloads are unmasked side by side into one buffer. Slices of it can be handed out only when nothing more is written
/// to it, hence the two steps: first take in the whole read, then deliver.
struct ReadScratch {
    /// Plain numbers, so that the list of them costs no reference counting.
    struct Received {
        enum Content {
            /// A whole message, or a piece of one, in ``ReadScratch/payloads``.
            case slice(MessageKind, startsMessage: Bool, endsMessage: Bool)
            /// A message that was gathered over several reads or fragments, or has been inflated, or a piece of one;
            /// `offset` is its index in ``ReadScratch/gathered``.
            case gathered(MessageKind, startsMessage: Bool, endsMessage: Bool)
            /// A control frame whose payload is in ``ReadScratch/payloads``.
            case control(Opcode)
        }

        let content: Content
        let offset: Int
        let count: Int
    }

    var received: [Received] = []
    /// Where payloads are written while the read is taken in.
    var filler = BufferFiller()
    /// The payloads, once all are there.
    private(set) var payloads = ByteBuffer()
    var gathered: [ByteBuffer] = []
    /// The rule that the peer broke after all that was received; nothing comes after it.
    var violation: ProtocolViolation?
    /// How many messages ended in this read.
    var messageCount = 0
    /// What compressed messages of this read have become, in bytes.
    var inflatedByteCount = 0

    /// Makes room for the payloads of a read. If the application still holds slices of the last read, this allocates.
    mutating func begin(byteCount: Int) {
        self.received.removeAll(keepingCapacity: true)
        self.gathered.removeAll()
        self.violation = nil
        self.messageCount = 0
        self.inflatedByteCount = 0
        var payloads = ByteBuffer()
        swap(&payloads, &self.payloads)
        // A place for an empty payload is a place too.
        payloads.clear(minimumCapacity: max(1, byteCount))
        self.filler.begin(payloads)
    }

    mutating func append(
        _ bytes: ByteBuffer,
        _ kind: MessageKind,
        startsMessage: Bool = true,
        endsMessage: Bool = true
    ) {
        let content = Received.Content.gathered(kind, startsMessage: startsMessage, endsMessage: endsMessage)
        self.received.append(Received(content: content, offset: self.gathered.count, count: 0))
        self.gathered.append(bytes)
    }

    /// The read is taken in; ``payloads`` may be sliced.
    mutating func finish() {
        if let payloads = self.filler.finish() { self.payloads = payloads }
    }
}
