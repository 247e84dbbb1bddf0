import WebSocketProtocol

/// What a connection receives, and what was agreed on before.
struct Case {
    let role: Role
    let compression: DeflateAgreement?
    let limits: ReceiveLimits
    let reads: [[UInt8]]
}

/// Reads cases one behind the other; whoever wrote them is our own script, so what is wrong is a bug of its.
///
///     role (1: 0 server, 1 client)  compression (1: 0 none, 1 permessage-deflate)
///     send window bits (1)  receive window bits (1)  send takeover (1)  receive takeover (1)
///     message limit (4)  frame limit (4)  number of reads (4)  each read: length (4), bytes
///
/// Numbers of four bytes have the highest byte first.
struct CaseReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        self.rest = bytes[...]
    }

    mutating func next() -> Case? {
        guard !self.rest.isEmpty else { return nil }
        let role: Role = self.byte() == 0 ? .server : .client
        let isCompressed = self.byte() == 1
        let agreement = DeflateAgreement(
            sendWindowBits: Int(self.byte()),
            receiveWindowBits: Int(self.byte()),
            sendContextTakeover: self.byte() == 1,
            receiveContextTakeover: self.byte() == 1
        )
        let limits = ReceiveLimits(maximumMessageByteCount: self.word(), maximumFrameByteCount: self.word())
        let reads = (0..<self.word()).map { _ in self.bytes(self.word()) }
        return Case(role: role, compression: isCompressed ? agreement : nil, limits: limits, reads: reads)
    }

    private mutating func byte() -> UInt8 { self.bytes(1)[0] }

    private mutating func word() -> Int { self.bytes(4).reduce(0) { $0 << 8 | Int($1) } }

    private mutating func bytes(_ count: Int) -> [UInt8] {
        precondition(count <= self.rest.count, "a case is cut short")
        defer { self.rest = self.rest.dropFirst(count) }
        return Array(self.rest.prefix(count))
    }
}
