internal import NIOCore
internal import WebSocketProtocol

/// What one read brought, in order, before any of it is delivered.
///
/// Payloads are unmasked side by side into one buffer. Slices of it can be handed out only when nothing more is written
/// to it, hence the two steps: first take in the whole read, then deliver.
struct ReadScratch {
    enum Received {
        /// A whole message, or a piece of one, in ``payloads``.
        case slice(MessageKind, offset: Int, count: Int, startsMessage: Bool, endsMessage: Bool)
        /// A message that was gathered over several reads or fragments.
        case gathered(MessageKind, ByteBuffer)
        /// A control frame whose payload is in ``payloads``.
        case control(Opcode, offset: Int, count: Int)
        /// The peer broke a rule; nothing comes after it.
        case violation(ProtocolViolation)
    }

    var received: [Received] = []
    var payloads = ByteBuffer()
    /// How many messages ended in this read.
    var messageCount = 0

    /// Makes room for the payloads of a read. If the application still holds slices of the last read, this allocates.
    mutating func begin(byteCount: Int) {
        self.received.removeAll(keepingCapacity: true)
        self.messageCount = 0
        self.payloads.clear(minimumCapacity: byteCount)
    }
}
