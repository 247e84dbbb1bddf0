/// Frames of HTTP/2 (RFC 9113 §4.1) by hand, for clients that no library would be.
enum HTTP2Bytes {
    static let data = RawHTTP2Frame.Kind.data
    static let resetStream = RawHTTP2Frame.Kind.reset
    static let settings = RawHTTP2Frame.Kind.settings
    static let ping: UInt8 = 6

    /// The preface, empty SETTINGS, and the acknowledgement of those that the server sends at the preface.
    static let opening =
        Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + HTTP2Bytes.frame(HTTP2Bytes.settings)
        + HTTP2Bytes.frame(HTTP2Bytes.settings, flags: 1)

    static func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt8 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        RawHTTP2Frame(type: type, flags: flags, stream: UInt32(stream), payload: payload).bytes
    }

    /// HEADERS that the stream goes on after; each field a literal that nobody remembers (RFC 7541 §6.2.2).
    static func headers(_ fields: KeyValuePairs<String, String>, stream: UInt8) -> [UInt8] {
        var block: [UInt8] = []
        for (name, value) in fields {
            block += [0, UInt8(name.utf8.count)] + Array(name.utf8)
            block += [UInt8(value.utf8.count)] + Array(value.utf8)
        }
        return self.frame(1, flags: 4, stream: stream, block)
    }

    static func get(stream: UInt8) -> [UInt8] {
        self.headers([":method": "GET", ":scheme": "http", ":authority": "localhost", ":path": "/"], stream: stream)
    }

    /// Asks for a WebSocket (RFC 8441 §4).
    static func connect(stream: UInt8) -> [UInt8] {
        self.headers(
            [
                ":method": "CONNECT", ":protocol": "websocket", ":scheme": "http", ":authority": "localhost",
                ":path": "/", "sec-websocket-version": "13",
            ], stream: stream)
    }

    /// The error codes of all GOAWAY among whole frames.
    static func goAwayCodes(in bytes: [UInt8]) -> [UInt8] {
        var rest = bytes
        var codes: [UInt8] = []
        while let (frame, byteCount) = RawHTTP2Frame.parseFirst(rest) {
            if frame.type == RawHTTP2Frame.Kind.goAway, frame.payload.count >= 8 { codes.append(frame.payload[7]) }
            rest.removeFirst(byteCount)
        }
        return codes
    }
}
