internal import NIOCore
internal import NIOHPACK

/// Reads a connection of HTTP/2 the way a dissector does, and the WebSocket that the first of its streams carries.
struct HTTP2Transcript {
    private(set) var request: Report.Message?
    private(set) var response: Report.Message?
    /// What the stream of the request carried behind the handshake.
    private(set) var sent = WireStream(.sent)
    private(set) var received = WireStream(.received)
    private(set) var report: Report.HTTP2

    static func isHTTP2(_ sent: WireStream) -> Bool {
        sent.bytes.starts(with: HTTP2Frame.preface)
    }

    init(_ sent: WireStream, _ received: WireStream) {
        // In the order of time; what was sent goes first where the clock can't tell.
        let frames = (HTTP2Frame.frames(in: sent) + HTTP2Frame.frames(in: received)).sorted { $0.time < $1.time }
        self.report = Report.HTTP2(
            settings: frames.flatMap(HTTP2Setting.settings),
            frames: frames.map { frame in
                Report.HTTP2.Frame(
                    direction: frame.direction,
                    time: frame.time,
                    type: frame.kind?.name ?? "type \(frame.type)",
                    flags: HTTP2FrameMeaning.flags(of: frame),
                    stream: frame.stream,
                    length: frame.payload.count,
                    meaning: HTTP2FrameMeaning.of(frame)
                )
            })
        var blocks: [WireRecorder.Direction: HeaderBlocks] = [.sent: HeaderBlocks(), .received: HeaderBlocks()]
        for frame in frames {
            switch frame.kind {
            case .headers, .continuation:
                guard let (stream, message) = blocks[frame.direction]?.take(frame) else { continue }
                if frame.direction == .sent, self.request == nil {
                    self.request = message
                    self.stream = stream
                } else if frame.direction == .received, stream == self.stream, self.response == nil {
                    self.response = message
                }
            case .data where frame.stream == self.stream:
                guard let content = frame.content else { continue }
                if frame.direction == .sent {
                    self.sent.append(content, at: frame.time)
                } else {
                    self.received.append(content, at: frame.time)
                }
            default:
                break
            }
        }
    }

    private var stream: UInt32?

    /// Puts the header blocks of one direction together and decompresses them, in order (RFC 9113 §4.3).
    private struct HeaderBlocks {
        private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
        private var block = ByteBuffer()
        private var first: HTTP2Frame?

        mutating func take(_ frame: HTTP2Frame) -> (stream: UInt32, message: Report.Message)? {
            if frame.kind == .headers {
                self.block.clear()
                self.first = frame
            }
            guard let first = self.first, let content = frame.kind == .headers ? frame.content : frame.payload else {
                return nil
            }
            self.block.writeBytes(content)
            guard frame.endsHeaders else { return nil }
            self.first = nil
            let byteCount = self.block.readableBytes
            guard let fields = try? self.decoder.decodeHeaders(from: &self.block) else { return nil }
            let message = Report.Message(
                startLine: "HEADERS on stream \(frame.stream)",
                fields: fields.map { name, value, _ in
                    Report.Field(
                        name: name, value: value, meaning: FieldMeaning.of(name, value, first.direction))
                },
                byteCount: byteCount,
                time: first.time
            )
            return (frame.stream, message)
        }
    }
}
