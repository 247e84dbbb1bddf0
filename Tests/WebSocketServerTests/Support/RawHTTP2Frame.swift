/// A frame as RFC 9113 §4.1 draws it, written and read without any of the code under test.
struct RawHTTP2Frame: Equatable {
    /// §6.
    enum Kind {
        static let data: UInt8 = 0, headers: UInt8 = 1, reset: UInt8 = 3, settings: UInt8 = 4, goAway: UInt8 = 7
        static let windowUpdate: UInt8 = 8
    }

    var type: UInt8
    var flags: UInt8 = 0
    var stream: UInt32 = 0
    var payload: [UInt8] = []

    var bytes: [UInt8] {
        let count = self.payload.count
        return [UInt8(count >> 16), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF), self.type, self.flags]
            + RawHTTP2Frame.integer(self.stream) + self.payload
    }

    /// - Returns: nil as long as the frame is not whole.
    static func parseFirst(_ bytes: [UInt8]) -> (RawHTTP2Frame, byteCount: Int)? {
        guard bytes.count >= 9 else { return nil }
        let count = Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
        guard bytes.count >= 9 + count else { return nil }
        let stream = bytes[5..<9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let payload = Array(bytes[9..<9 + count])
        return (RawHTTP2Frame(type: bytes[3], flags: bytes[4], stream: stream, payload: payload), 9 + count)
    }

    static func integer(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}

/// What a server of HTTP/2 sends in these tests.
extension RawHTTP2Frame {
    /// SETTINGS_ENABLE_CONNECT_PROTOCOL = 1 (RFC 8441 §3).
    static let connectProtocol = RawHTTP2Frame(type: Kind.settings, payload: [0, 8, 0, 0, 0, 1])
    static let settingsAcknowledgment = RawHTTP2Frame(type: Kind.settings, flags: 1)

    /// `:status: 200`, which is number 8 of HPACK's static table.
    static func accept(_ stream: UInt32) -> RawHTTP2Frame {
        RawHTTP2Frame(type: Kind.headers, flags: 4, stream: stream, payload: [0x88])
    }

    static func webSocket(_ frame: RawFrame, on stream: UInt32) -> RawHTTP2Frame {
        RawHTTP2Frame(type: Kind.data, stream: stream, payload: frame.bytes)
    }

    static func reset(_ stream: UInt32, code: UInt32) -> RawHTTP2Frame {
        RawHTTP2Frame(type: Kind.reset, stream: stream, payload: integer(code))
    }

    static func goAway(lastStream: UInt32) -> RawHTTP2Frame {
        RawHTTP2Frame(type: Kind.goAway, payload: integer(lastStream) + integer(0))
    }
}

extension RawSocket {
    func send(_ frames: RawHTTP2Frame...) async throws {
        try await self.send(frames.flatMap(\.bytes))
    }

    /// The beginning of a connection, from a client with prior knowledge (RFC 9113 §3.3).
    func beginHTTP2() async throws {
        let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        let isOne = try await self.take("preface") { bytes, _ in
            bytes.count >= preface.count ? (bytes.starts(with: preface), preface.count) : nil
        }
        guard isOne else { throw RawSocketError(description: "no preface of HTTP/2") }
        try await self.send(.connectProtocol, .settingsAcknowledgment)
    }

    /// The next frame of this type; others are passed over.
    func takeHTTP2(_ type: UInt8) async throws -> RawHTTP2Frame {
        while true {
            let frame = try await self.take("frame of HTTP/2") { bytes, _ in RawHTTP2Frame.parseFirst(bytes) }
            if frame.type == type { return frame }
        }
    }
}
