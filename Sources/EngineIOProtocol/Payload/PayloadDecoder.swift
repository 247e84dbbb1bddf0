internal import WebSocketProtocol

/// Takes the body of a POST apart (Engine.IO protocol v4, "HTTP long-polling"): packets with a separator between each two,
/// none at the end; UTF-8 all of it.
///
/// All or nothing: of a body with one wrong packet none counts, so that what was taken in never depends on its order.
package enum PayloadDecoder {
    /// ASCII record separator, between two packets.
    package static let separator: UInt8 = 0x1E
    /// Begins a binary message, in base64; it stands for type and encoding.
    package static let binaryMark = UInt8(ascii: "b")

    /// A packet, as indices of the body.
    package enum Packet: Sendable, Hashable {
        case packet(PacketType, data: Range<Int>)
        /// A binary message; `Base64.decode` makes `byteCount` bytes of it.
        case binary(base64: Range<Int>, byteCount: Int)
    }

    /// - Parameter maximumPacketCount: more fail. A byte makes a packet, so bytes alone are no limit.
    package static func decode(
        _ body: UnsafeRawBufferPointer,
        maximumPacketCount: Int
    ) throws(PacketViolation) -> [Packet] {
        var validator = UTF8Validator()
        guard validator.validate(body), validator.isAtBoundary else { throw .notUTF8 }
        var packets: [Packet] = []
        var start = 0
        while true {
            let end = body[start...].firstIndex(of: self.separator) ?? body.count
            guard packets.count < maximumPacketCount else { throw .tooManyPackets }
            packets.append(try self.packet(body, start..<end))
            guard end < body.count else { return packets }
            start = end + 1
        }
    }

    private static func packet(
        _ body: UnsafeRawBufferPointer,
        _ range: Range<Int>
    ) throws(PacketViolation) -> Packet {
        guard let mark = body[range].first else { throw .empty }
        let data = range.dropFirst()
        guard mark == self.binaryMark else {
            guard let type = PacketType(rawValue: mark) else { throw .unknownType }
            return .packet(type, data: data)
        }
        let text = UnsafeRawBufferPointer(rebasing: body[data])
        guard let byteCount = Base64.decodedByteCount(text), Base64.isValid(text) else { throw .notBase64 }
        return .binary(base64: data, byteCount: byteCount)
    }
}
