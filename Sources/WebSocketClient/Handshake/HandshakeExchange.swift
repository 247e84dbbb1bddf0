internal import HTTPTypes
internal import NIOCore
internal import WebSocketProtocol

/// What a client makes of the answer to its opening handshake, in any version of HTTP.
struct HandshakeExchange {
    enum Outcome {
        /// More of the answer must come.
        case pending
        case accepted(HTTPResponse, ClientHandshake.Agreement)
        case failed(ConnectError)
    }

    let handshake: ClientHandshake
    private let maximumBodyByteCount: Int
    private var refusal: HTTPResponse?
    private var body = ByteBuffer()

    init(_ handshake: ClientHandshake, maximumBodyByteCount: Int) {
        self.handshake = handshake
        self.maximumBodyByteCount = maximumBodyByteCount
    }

    mutating func received(_ response: HTTPResponse, isAcceptance: Bool) -> Outcome {
        guard isAcceptance else {
            self.refusal = response
            return .pending
        }
        do throws(HandshakeFailure) {
            return .accepted(response, try self.handshake.validate(response))
        } catch {
            return .failed(
                ConnectError(
                    .invalidResponse,
                    "the server's handshake is not valid: \(error)",
                    response: response,
                    handshakeFailure: error
                )
            )
        }
    }

    mutating func received(_ bytes: ByteBuffer) -> Outcome {
        guard self.refusal != nil else { return .pending }
        let room = self.maximumBodyByteCount - self.body.readableBytes
        var bytes = bytes
        if let part = bytes.readSlice(length: min(room, bytes.readableBytes)) { self.body.writeImmutableBuffer(part) }
        return bytes.readableBytes > 0 ? self.refused(isTruncated: true) : .pending
    }

    mutating func receivedEnd() -> Outcome {
        self.refused(isTruncated: false)
    }

    private func refused(isTruncated: Bool) -> Outcome {
        guard let response = self.refusal else { return .pending }
        return .failed(
            ConnectError(
                .refused,
                "the server refused: \(response.status.inWords)",
                response: response,
                body: self.body,
                isBodyTruncated: isTruncated
            )
        )
    }
}

extension HTTPResponse.Status {
    /// HTTP/2 has no reason phrase.
    var inWords: String { self.reasonPhrase.isEmpty ? "HTTP \(self.code)" : "HTTP \(self.code) \(self.reasonPhrase)" }
}
