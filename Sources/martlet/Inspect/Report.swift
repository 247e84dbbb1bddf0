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
        /// Request line or status line; over HTTP/2 which stream it was on.
        let startLine: String
        let fields: [Field]
        let byteCount: Int
        /// Milliseconds since the inspection began.
        let time: Double
    }

    /// What TLS agreed on, and the certificates that the server shows, its own first.
    struct TLS: Codable, Sendable {
        /// Nil if the handshake failed.
        let version: String?
        let applicationProtocol: String?
        let certificates: [Certificate]
    }

    struct Certificate: Codable, Sendable {
        let subject: String
        let issuer: String
        /// ISO 8601.
        let notBefore: String
        let notAfter: String
        /// Whether it is valid by this machine's clock.
        let isInForce: Bool
        /// Host names and addresses that it is for.
        let names: [String]
        let publicKey: String
        /// SHA-256 of the certificate, as browsers show it.
        let fingerprint: String
        /// SHA-256 of the public key, in hexadecimal.
        let publicKeyPin: String
    }

    /// The connection around the WebSocket, if it is one of HTTP/2.
    struct HTTP2: Codable, Sendable {
        struct Setting: Codable, Sendable {
            let direction: WireRecorder.Direction
            let name: String
            let value: UInt32
            let meaning: String?
        }

        struct Frame: Codable, Sendable {
            let direction: WireRecorder.Direction
            let time: Double
            let type: String
            let flags: [String]
            let stream: UInt32
            let length: Int
            let meaning: String?
        }

        let settings: [Setting]
        let frames: [Frame]
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
    var tls: TLS?
    /// Connections that were given up for another, in words: redirections, and HTTP/2 without WebSocket.
    var earlier: [String] = []
    var http2: HTTP2?
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
