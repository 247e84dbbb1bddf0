internal import WebSocketProtocol

/// What an inspection saw; also the shape of `--json`.
struct Report: Codable, Sendable {
    enum Result: String, Codable, Sendable {
        /// Handshake, ping and close went well.
        case closed
        case connectionFailed
        case refused
        case handshakeFailed
        case noConnection
    }

    struct Field: Codable, Sendable {
        let name: String
        let value: String
        /// What it means here.
        let meaning: String?
    }

    struct Message: Codable, Sendable {
        /// Request line or status line.
        let startLine: String
        let fields: [Field]
        let byteCount: Int
        /// Milliseconds since the inspection began.
        let time: Double
    }

    /// How `Sec-WebSocket-Accept` follows from the key (RFC 6455 §1.3).
    struct Acceptance: Codable, Sendable {
        let key: String
        let guid: String
        let concatenated: String
        let sha1: String
        let expected: String
        let received: String?
        let matches: Bool
    }

    struct Frame: Codable, Sendable {
        let direction: WireRecorder.Direction
        let time: Double
        let opcode: String
        let isFinal: Bool
        let isMasked: Bool
        let maskingKey: String?
        let payloadLength: Int
        /// If the frame ends a compressed message: the bytes of its payload over all frames, and what they stand for.
        let compressedByteCount: Int?
        let messageByteCount: Int?
        /// The first bytes as they stood on the wire, in hexadecimal.
        let bytes: String
        /// The unmasked payload, in hexadecimal.
        let payload: String
        /// In words.
        let meaning: String
    }

    /// What permessage-deflate was agreed and what it saved.
    struct Compression: Codable, Sendable {
        let sendWindowBits: Int
        let receiveWindowBits: Int
        let sendContextTakeover: Bool
        let receiveContextTakeover: Bool
        /// Bytes of compressed messages on the wire and uncompressed, over both directions.
        let compressedByteCount: Int
        let messageByteCount: Int

        init(_ agreement: DeflateAgreement, _ frames: [Frame]) {
            self.sendWindowBits = agreement.sendWindowBits
            self.receiveWindowBits = agreement.receiveWindowBits
            self.sendContextTakeover = agreement.sendContextTakeover
            self.receiveContextTakeover = agreement.receiveContextTakeover
            let known = frames.filter { $0.messageByteCount != nil }
            self.compressedByteCount = known.reduce(0) { $0 + ($1.compressedByteCount ?? 0) }
            self.messageByteCount = known.reduce(0) { $0 + ($1.messageByteCount ?? 0) }
        }

        /// To one decimal place.
        static func ratio(_ messageByteCount: Int, _ compressedByteCount: Int) -> Double {
            (Double(messageByteCount) / Double(max(1, compressedByteCount)) * 10).rounded() / 10
        }
    }

    struct Close: Codable, Sendable {
        let sentCode: UInt16?
        let sentReason: String
        let receivedCode: UInt16?
        let receivedReason: String
        let wasClean: Bool
    }

    let url: String
    var result = Result.noConnection
    var error: String?
    var remoteAddress: String?
    var isSecure: Bool?
    var request: Message?
    var response: Message?
    var acceptance: Acceptance?
    var subprotocol: String?
    var extensions: [String] = []
    var compression: Compression?
    /// The body of a refusal.
    var body: String?
    var isBodyTruncated: Bool?
    var pingMilliseconds: Double?
    var frames: [Frame] = []
    var close: Close?
}
