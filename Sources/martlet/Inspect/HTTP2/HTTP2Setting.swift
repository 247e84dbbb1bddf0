/// A setting of an HTTP/2 connection and what it means for the peer (RFC 9113 §6.5.2).
enum HTTP2Setting {
    static func settings(in frame: HTTP2Frame) -> [Report.HTTP2.Setting] {
        guard frame.kind == .settings, !frame.isAcknowledgment else { return [] }
        return stride(from: frame.payload.startIndex, to: frame.payload.endIndex - 5, by: 6).map { start in
            let number = HTTP2Frame.number(frame.payload[start..<(start + 2)])
            let value = HTTP2Frame.number(frame.payload[(start + 2)..<(start + 6)])
            let (name, meaning) = HTTP2Setting.nameAndMeaning(number, value)
            return Report.HTTP2.Setting(direction: frame.direction, name: name, value: value, meaning: meaning)
        }
    }

    private static func nameAndMeaning(_ number: UInt32, _ value: UInt32) -> (String, String?) {
        switch number {
        case 1:
            (
                "HEADER_TABLE_SIZE",
                "bytes of the table that may be used to compress header fields for us (RFC 7541 §4.2)"
            )
        case 2:
            ("ENABLE_PUSH", value == 0 ? "the server must not send responses that nobody asked for" : "push is allowed")
        case 3: ("MAX_CONCURRENT_STREAMS", "so many requests and WebSockets may be open at a time")
        case 4:
            (
                "INITIAL_WINDOW_SIZE",
                "so many bytes may be under way on a stream before its reader asks for more (RFC 9113 §6.9.2)"
            )
        case 5: ("MAX_FRAME_SIZE", "the longest payload of a frame")
        case 6: ("MAX_HEADER_LIST_SIZE", "the longest header, uncompressed")
        case 8:
            (
                "ENABLE_CONNECT_PROTOCOL",
                value == 1
                    ? "the server takes extended CONNECT, and WebSocket with it (RFC 8441 §3)" : "no extended CONNECT"
            )
        case 9: ("NO_RFC7540_PRIORITIES", "priorities are not those of old (RFC 9218 §2.1)")
        default: ("setting \(number)", nil)
        }
    }
}
