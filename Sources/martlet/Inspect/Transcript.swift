internal import NIOCore
internal import WebSocketProtocol

/// Reads recorded bytes the way a dissector does: first two HTTP messages, then frames.
struct Transcript {
    private(set) var request: Report.Message?
    private(set) var response: Report.Message?
    private(set) var frames: [Report.Frame] = []

    init(_ chunks: [WireRecorder.Chunk], start: ContinuousClock.Instant, compression: DeflateAgreement?) {
        let sent = Transcript.stream(chunks, .sent, start, compression)
        let received = Transcript.stream(chunks, .received, start, compression)
        self.request = sent.head
        self.response = received.head
        // In the order of time; what was sent goes first where the clock can't tell.
        self.frames = (sent.frames + received.frames).sorted { $0.time < $1.time }
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

    private static func stream(
        _ chunks: [WireRecorder.Chunk],
        _ direction: WireRecorder.Direction,
        _ start: ContinuousClock.Instant,
        _ compression: DeflateAgreement?
    ) -> (head: Report.Message?, frames: [Report.Frame]) {
        let chunks = chunks.filter { $0.direction == direction }
        let bytes = chunks.flatMap(\.bytes)
        /// When the byte at an offset went by, in milliseconds.
        func time(of offset: Int) -> Double {
            var passed = 0
            for chunk in chunks {
                passed += chunk.bytes.count
                if offset < passed { return Inspection.milliseconds(chunk.time - start) }
            }
            return 0
        }
        guard let headEnd = Transcript.endOfHead(bytes) else { return (nil, []) }
        let head = Transcript.message(bytes[..<headEnd], direction, time: time(of: 0))
        let isUpgrade = direction == .sent || head?.startLine.split(separator: " ").dropFirst().first == "101"
        guard isUpgrade else { return (head, []) }
        return (head, FrameDissector.frames(in: bytes[headEnd...], direction, compression, time: time(of:)))
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
