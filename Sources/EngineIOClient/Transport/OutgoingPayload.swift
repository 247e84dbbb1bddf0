internal import EngineIOProtocol
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol

/// The body of a POST in the making: packets with a separator between each two.
struct OutgoingPayload {
    /// What the server of Python decodes: of a body with more it takes none, and answers "ok".
    static let maximumPacketCount = 16

    /// What the server takes at once.
    let maximumByteCount: Int
    private var body = ByteBuffer()
    private var packetCount = 0

    init(maximumByteCount: Int) {
        self.maximumByteCount = maximumByteCount
    }

    /// False for what is no part of a payload. One packet alone always has room.
    func hasRoom(for packet: OutgoingPacket) -> Bool {
        guard let (byteCount, packetCount) = packet.payloadSize else { return false }
        guard self.packetCount > 0 else { return true }
        return self.body.readableBytes + 1 + byteCount <= self.maximumByteCount
            && self.packetCount + packetCount <= OutgoingPayload.maximumPacketCount
    }

    mutating func append(_ packet: OutgoingPacket) {
        switch packet {
        case .messages(let messages): for message in messages { self.append(message) }
        case .pong: self.append(type: .pong)
        case .close: self.append(type: .close)
        case .upgrade: break
        }
    }

    /// The body; then it begins anew.
    mutating func takeBody() -> ByteBuffer {
        defer { self = OutgoingPayload(maximumByteCount: self.maximumByteCount) }
        return self.body
    }

    private mutating func append(type: PacketType) {
        self.separate()
        self.body.writeInteger(type.rawValue)
    }

    private mutating func append(_ message: WebSocketMessage) {
        self.separate()
        if message.kind == .text {
            self.body.writeInteger(PacketType.message.rawValue)
            self.body.writeImmutableBuffer(message.bytes)
        } else {
            self.body.writeInteger(PayloadDecoder.binaryMark)
            let count = Base64.encodedByteCount(message.bytes.readableBytes)
            self.body.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
                message.bytes.withUnsafeReadableBytes { Base64.encode($0, into: target) }
            }
        }
    }

    private mutating func separate() {
        if self.packetCount > 0 { self.body.writeInteger(PayloadDecoder.separator) }
        self.packetCount += 1
    }
}

extension OutgoingPacket {
    /// In a payload; nil for what is no part of one.
    fileprivate var payloadSize: (byteCount: Int, packetCount: Int)? {
        switch self {
        case .messages(let messages): (messages.reduce(-1) { $0 + 1 + $1.payloadByteCount }, messages.count)
        case .pong, .close: (1, 1)
        case .upgrade: nil
        }
    }
}

extension WebSocketMessage {
    fileprivate var payloadByteCount: Int {
        1 + (self.kind == .text ? self.bytes.readableBytes : Base64.encodedByteCount(self.bytes.readableBytes))
    }
}
