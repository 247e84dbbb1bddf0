/// A frame of HTTP/2 as it stood on the wire (RFC 9113 §4.1).
struct HTTP2Frame {
    enum Kind: UInt8 {
        case data, headers, priority, reset, settings, pushPromise, ping, goAway, windowUpdate, continuation

        var name: String {
            switch self {
            case .data: "DATA"
            case .headers: "HEADERS"
            case .priority: "PRIORITY"
            case .reset: "RST_STREAM"
            case .settings: "SETTINGS"
            case .pushPromise: "PUSH_PROMISE"
            case .ping: "PING"
            case .goAway: "GOAWAY"
            case .windowUpdate: "WINDOW_UPDATE"
            case .continuation: "CONTINUATION"
            }
        }
    }

    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    private static let headerByteCount = 9

    let direction: WireRecorder.Direction
    let time: Double
    let type: UInt8
    let flags: UInt8
    /// 0 is the connection.
    let stream: UInt32
    let payload: ArraySlice<UInt8>

    var kind: Kind? { Kind(rawValue: self.type) }
    /// Of SETTINGS and PING.
    var isAcknowledgment: Bool { self.flags & 0x1 != 0 }
    /// Of DATA and HEADERS.
    var endsStream: Bool { self.flags & 0x1 != 0 }
    var endsHeaders: Bool { self.flags & 0x4 != 0 }

    /// What is left of the payload of DATA and HEADERS without padding and priority; nil if its lengths are wrong.
    var content: ArraySlice<UInt8>? {
        var rest = self.payload
        var padding = 0
        if self.flags & 0x8 != 0 {
            guard let count = rest.popFirst() else { return nil }
            padding = Int(count)
        }
        if self.kind == .headers && self.flags & 0x20 != 0 { rest = rest.dropFirst(5) }
        return padding <= rest.count ? rest.dropLast(padding) : nil
    }

    /// All complete frames of a direction; what the client sends begins with a preface.
    static func frames(in stream: WireStream) -> [HTTP2Frame] {
        let bytes = stream.bytes
        var frames: [HTTP2Frame] = []
        var offset = stream.direction == .sent ? HTTP2Frame.preface.count : 0
        while bytes.count - offset >= HTTP2Frame.headerByteCount {
            let start = offset + HTTP2Frame.headerByteCount
            let length = Int(HTTP2Frame.number(bytes[offset..<(offset + 3)]))
            guard bytes.count - start >= length else { break }
            frames.append(
                HTTP2Frame(
                    direction: stream.direction,
                    time: stream.time(of: offset),
                    type: bytes[offset + 3],
                    flags: bytes[offset + 4],
                    stream: HTTP2Frame.number(bytes[(offset + 5)..<start]) & 0x7FFF_FFFF,
                    payload: bytes[start..<(start + length)]
                ))
            offset = start + length
        }
        return frames
    }

    /// Up to four bytes in network byte order.
    static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }
}
