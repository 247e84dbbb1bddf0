/// What frames of HTTP/2 say, in words (RFC 9113 §6).
enum HTTP2FrameMeaning {
    static func of(_ frame: HTTP2Frame) -> String? {
        let end = frame.endsStream ? "; the last on this stream" : ""
        switch frame.kind {
        case .data: return "\(frame.content?.count ?? 0) bytes for who reads the stream" + end
        case .headers: return (frame.direction == .sent ? "the request" : "the response") + end
        case .reset: return "the stream ends at once: \(HTTP2FrameMeaning.error(frame.payload.prefix(4)))"
        case .settings where frame.isAcknowledgment: return "the settings of the peer are in force"
        case .settings:
            let settings = HTTP2Setting.settings(in: frame)
            return settings.isEmpty
                ? "as RFC 9113 has them" : settings.map { "\($0.name) = \($0.value)" }.joined(separator: ", ")
        case .ping: return frame.isAcknowledgment ? "the answer to a ping of HTTP/2" : "a ping of HTTP/2"
        case .goAway:
            let last = HTTP2Frame.number(frame.payload.prefix(4)) & 0x7FFF_FFFF
            return "no stream after \(last) is served: \(HTTP2FrameMeaning.error(frame.payload.dropFirst(4).prefix(4)))"
        case .windowUpdate:
            let place = frame.stream == 0 ? "connection" : "stream"
            return "\(HTTP2Frame.number(frame.payload.prefix(4))) more bytes may come on this \(place)"
        case .priority, .pushPromise, .continuation, nil: return nil
        }
    }

    static func flags(of frame: HTTP2Frame) -> [String] {
        let names: [(bit: UInt8, name: String)]
        switch frame.kind {
        case .data: names = [(0x1, "END_STREAM"), (0x8, "PADDED")]
        case .headers: names = [(0x1, "END_STREAM"), (0x4, "END_HEADERS"), (0x8, "PADDED"), (0x20, "PRIORITY")]
        case .continuation: names = [(0x4, "END_HEADERS")]
        case .settings, .ping: names = [(0x1, "ACK")]
        default: names = []
        }
        return names.filter { frame.flags & $0.bit != 0 }.map(\.name)
    }

    /// RFC 9113 §7.
    private static func error(_ bytes: ArraySlice<UInt8>) -> String {
        let names = [
            "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
            "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
            "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
        ]
        let code = Int(HTTP2Frame.number(bytes))
        return code < names.count ? names[code] : "error \(code)"
    }
}
