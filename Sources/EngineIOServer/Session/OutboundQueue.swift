internal import DequeModule
internal import EngineIOProtocol
internal import NIOCore
internal import WebSocketNIO

/// What waits for the client, in order.
struct OutboundQueue {
    enum Item: Sendable {
        case packet(PacketType)
        case message(EngineIOMessage)
        case prepared(PreparedEngineIOMessage)

        var byteCount: Int {
            switch self {
            case .packet: 1
            case .message(let message): message.bytes.readableBytes
            case .prepared(let prepared): prepared.byteCount
            }
        }

        /// What it takes while it waits: an empty message takes memory, too.
        var cost: Int { self.byteCount + MemoryLayout<Item>.size }

        fileprivate var packetCount: Int {
            if case .prepared(let prepared) = self { prepared.messages.count } else { 1 }
        }
    }

    private var items: Deque<Item> = []
    private(set) var byteCount = 0

    var isEmpty: Bool { self.items.isEmpty }
    var packetCount: Int { self.items.reduce(0) { $0 + $1.packetCount } }

    /// - Parameters:
    ///   - item: what is to be sent.
    ///   - byteCountAhead: what has left the queue and is still on its way to the socket.
    ///   - limit: for all that waits, in bytes.
    /// - Returns: false if that would be more than the limit; what nothing waits before may be as long as it is.
    mutating func append(_ item: Item, behind byteCountAhead: Int = 0, limit: Int) -> Bool {
        let waiting = self.byteCount + byteCountAhead
        guard waiting == 0 || waiting + item.byteCount <= limit else { return false }
        self.items.append(item)
        self.byteCount += item.cost
        return true
    }

    /// All of it, for a socket.
    mutating func takeAll() -> [Item] {
        defer { self = OutboundQueue() }
        return Array(self.items)
    }

    /// The answer to a poll.
    /// - Parameter maximumPacketCount: what is more waits for the next poll, unless it was sent together with the first.
    mutating func takePayload(maximumPacketCount: Int) -> ByteBuffer {
        var payload = ByteBuffer()
        for item in self.take(maximumPacketCount: maximumPacketCount) {
            switch item {
            case .packet(let type): payload.append(type)
            case .message(let message): payload.append(message)
            case .prepared(let prepared): payload.append(packets: prepared.payload)
            }
        }
        return payload
    }

    private mutating func take(maximumPacketCount: Int) -> [Item] {
        var taken: [Item] = []
        var count = 0
        while let item = self.items.first, taken.isEmpty || count + item.packetCount <= maximumPacketCount {
            count += item.packetCount
            self.byteCount -= item.cost
            taken.append(item)
            self.items.removeFirst()
        }
        if self.items.isEmpty { self = OutboundQueue() }
        return taken
    }
}

extension WebSocketConnection {
    /// Sends on the connection's event loop; to a client that does not read the connection is closed.
    func send(_ item: OutboundQueue.Item) {
        switch item {
        case .packet(let type): self.sendNow(type.webSocketMessage())
        case .message(let message): self.sendNow(message.webSocketMessage)
        case .prepared(let prepared): for frame in prepared.frames { self.sendNow(frame) }
        }
    }
}
