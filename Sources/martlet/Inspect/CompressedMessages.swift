internal import NIOCore
internal import WebSocketDeflate
internal import WebSocketProtocol

/// Decompresses the messages of one direction, frame by frame (RFC 7692 §7.2.2).
struct CompressedMessages {
    /// What a frame says about the compressed message that it ends.
    struct Content: CustomStringConvertible {
        static let unknown = Content(compressedByteCount: nil, bytes: nil, isText: false)

        /// Payload bytes of all its frames; nil if the frame does not end a compressed message.
        let compressedByteCount: Int?
        /// Nil also if they are no deflate stream, or too many.
        let bytes: [UInt8]?
        let isText: Bool

        var description: String {
            guard let compressed = self.compressedByteCount else { return "" }
            guard let bytes = self.bytes else { return "; what was compressed can't be read" }
            let ratio = compressed == 0 ? "" : ", \(Report.Compression.ratio(bytes.count, compressed)) times as many"
            let text =
                self.isText ? ": \(TerminalText.escaped(String(decoding: bytes.prefix(200), as: UTF8.self)))" : ""
            return "; \(compressed) compressed bytes stand for \(bytes.count)\(ratio)\(text)"
        }
    }

    private static let maximumByteCount = 1 << 20

    private let inflater = Inflater()
    private let windowBits: Int
    private var history: History?
    private var gathered: [UInt8] = []
    private var opcode: Opcode?

    init(_ agreement: DeflateAgreement, _ direction: WireRecorder.Direction) {
        let isSent = direction == .sent
        self.windowBits = isSent ? agreement.sendWindowBits : agreement.receiveWindowBits
        let takesOver = isSent ? agreement.sendContextTakeover : agreement.receiveContextTakeover
        if takesOver { self.history = History(windowBits: self.windowBits) }
    }

    mutating func received(_ header: FrameHeader, _ payload: [UInt8]) -> Content {
        if header.reservedBits.contains(.rsv1) {
            self.opcode = header.opcode
            self.gathered = []
        }
        guard !header.opcode.isControl, let opcode = self.opcode else { return .unknown }
        self.gathered += payload
        guard header.isFinal else { return .unknown }
        self.opcode = nil
        let bytes = try? self.inflate(self.gathered)
        bytes?.withUnsafeBytes { self.history?.append($0) }
        return Content(compressedByteCount: self.gathered.count, bytes: bytes, isText: opcode == .text)
    }

    private func inflate(_ compressed: [UInt8]) throws(InflateError) -> [UInt8] {
        self.inflater.begin(windowBits: self.windowBits, after: self.history)
        var buffer = ByteBuffer()
        buffer.reserveCapacity(CompressedMessages.maximumByteCount)
        try self.inflate(compressed, into: &buffer)
        if !self.inflater.hasEndedEarly { try self.inflate(Inflater.tail, into: &buffer) }
        guard self.inflater.isAtBoundary else { throw InflateError() }
        return Array(buffer.readableBytesView)
    }

    private func inflate(_ compressed: [UInt8], into buffer: inout ByteBuffer) throws(InflateError) {
        let room = CompressedMessages.maximumByteCount - buffer.readableBytes
        let result = compressed.withUnsafeBytes { bytes in
            var rest = bytes
            return Result { () throws(InflateError) in
                try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { (target) throws(InflateError) in
                    try self.inflater.inflate(&rest, into: target)
                }
                guard rest.isEmpty else { throw InflateError() }
            }
        }
        try result.get()
    }
}
