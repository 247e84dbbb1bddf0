internal import WebSocketProtocol

/// Reads recorded bytes the way a dissector does: two messages of HTTP, then frames, directly or in a stream of HTTP/2.
struct Transcript {
    private(set) var request: Report.Message?
    private(set) var response: Report.Message?
    private(set) var frames: [Report.Frame] = []
    /// Nil if the connection was one of HTTP/1.1.
    private(set) var http2: Report.HTTP2?

    init(_ chunks: [WireRecorder.Chunk], start: ContinuousClock.Instant, compression: DeflateAgreement?) {
        var sent = WireStream(chunks, .sent, start: start)
        var received = WireStream(chunks, .received, start: start)
        var sentStart = 0
        var receivedStart = 0
        let isAccepted: Bool
        if HTTP2Transcript.isHTTP2(sent) {
            let inner = HTTP2Transcript(sent, received)
            (self.request, self.response, self.http2) = (inner.request, inner.response, inner.report)
            (sent, received) = (inner.sent, inner.received)
            isAccepted = self.response?.value(of: ":status")?.first == "2"
        } else {
            (self.request, sentStart) = Transcript.head(of: sent)
            (self.response, receivedStart) = Transcript.head(of: received)
            isAccepted = self.response?.startLine.split(separator: " ").dropFirst().first == "101"
        }
        guard isAccepted else { return }
        // In the order of time; what was sent goes first where the clock can't tell.
        self.frames =
            (FrameDissector.frames(in: sent.bytes[sentStart...], .sent, compression, time: sent.time(of:))
            + FrameDissector.frames(
                in: received.bytes[receivedStart...], .received, compression, time: received.time(of:)))
            .sorted { $0.time < $1.time }
    }

    /// How the accept value follows from the key, if both messages are there.
    var acceptance: Report.Acceptance? {
        guard let value = self.request?.value(of: "Sec-WebSocket-Key"), let key = HandshakeKey(received: value) else {
            return nil
        }
        let received = self.response?.value(of: "Sec-WebSocket-Accept")
        return Report.Acceptance(
            key: value,
            guid: HandshakeKey.guid,
            concatenated: value + HandshakeKey.guid,
            sha1: TerminalText.hexadecimal(key.acceptDigest),
            expected: key.acceptValue,
            received: received,
            matches: received == key.acceptValue
        )
    }

    /// The message of HTTP/1.1 that a direction begins with, and where it ends.
    private static func head(of stream: WireStream) -> (Report.Message?, end: Int) {
        guard let end = Transcript.endOfHead(stream.bytes) else { return (nil, stream.bytes.count) }
        return (Transcript.message(stream.bytes[..<end], stream.direction, time: stream.time(of: 0)), end)
    }

    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        let blankLine: [UInt8] = [13, 10, 13, 10]
        guard bytes.count >= 4 else { return nil }
        return (0...(bytes.count - 4)).first { bytes[$0..<($0 + 4)].elementsEqual(blankLine) }.map { $0 + 4 }
    }

    private static func message(
        _ bytes: ArraySlice<UInt8>,
        _ direction: WireRecorder.Direction,
        time: Double
    ) -> Report.Message? {
        var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        guard !lines.isEmpty else { return nil }
        let startLine = String(lines.removeFirst())
        let fields = lines.map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            let value = parts.count > 1 ? String(parts[1].trimmingOptionalWhitespace()) : ""
            return Report.Field(name: name, value: value, meaning: FieldMeaning.of(name, value, direction))
        }
        return Report.Message(startLine: startLine, fields: fields, byteCount: bytes.count, time: time)
    }
}

extension Report.Message {
    func value(of name: String) -> String? {
        self.fields.first { $0.name.equalsIgnoringASCIICase(name) }?.value
    }
}
