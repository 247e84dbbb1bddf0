import Testing
import WebSocketProtocol

@testable import EngineIOProtocol

@Suite struct PayloadDecoderTests {
    private func decode(_ bytes: [UInt8], maximum: Int = 100) throws -> [PayloadDecoder.Packet] {
        try bytes.withUnsafeBytes { bytes in
            try PayloadDecoder.decode(bytes, maximumPacketCount: maximum)
        }
    }

    private func decode(_ text: String) throws -> [PayloadDecoder.Packet] {
        try self.decode(Array(text.utf8))
    }

    @Test("One packet, of each type")
    func types() throws {
        for type in PacketType.allCases {
            #expect(try self.decode([type.rawValue]) == [.packet(type, data: 1..<1)])
            #expect(try self.decode([type.rawValue] + "data".utf8) == [.packet(type, data: 1..<5)])
        }
    }

    @Test("Packets between separators, text and base64")
    func several() throws {
        #expect(
            try self.decode("4hello\u{1E}bAQIDBA==\u{1E}4€\u{1E}6") == [
                .packet(.message, data: 1..<6), .binary(base64: 8..<16, byteCount: 4), .packet(.message, data: 18..<21),
                .packet(.noop, data: 23..<23),
            ])
    }

    @Test(
        "What is no payload",
        arguments: [
            ("", .empty), ("\u{1E}", .empty), ("4a\u{1E}", .empty), ("\u{1E}4a", .empty), ("4\u{1E}\u{1E}4", .empty),
            ("7", .unknownType), ("a", .unknownType), ("4a\u{1E}x", .unknownType), ("B", .unknownType),
            ("bA", .notBase64), ("bAQ=", .notBase64), ("bA===", .notBase64), ("bAQ==AQ==", .notBase64),
            ("b====", .notBase64), ("b =AB", .notBase64), ("b-_AB", .notBase64), ("bAB\u{1E}4", .notBase64),
        ] as [(String, PacketViolation)])
    func wrong(payload: String, violation: PacketViolation) {
        #expect(throws: violation) { try self.decode(payload) }
    }

    @Test(
        "UTF-8 is checked to the last byte, across packets and inside base64",
        arguments: [[0x34, 0xFF], [0x34, 0xC3], [0x34, 0xC3, 0x1E, 0x34], [0x34, 0xED, 0xA0, 0x80], [0x62, 0x80]]
            as [[UInt8]])
    func notUTF8(bytes: [UInt8]) {
        #expect(throws: PacketViolation.notUTF8) { try self.decode(bytes) }
    }

    @Test("The number of packets has a limit")
    func tooMany() throws {
        let payload = Array(repeating: "4", count: 100).joined(separator: "\u{1E}")
        #expect(try self.decode(payload).count == 100)
        #expect(throws: PacketViolation.tooManyPackets) { try self.decode(payload + "\u{1E}4") }
    }

    @Test("Every prefix of a payload is decoded as a naive reading would")
    func prefixes() {
        let payload = Array("4hé\u{1E}bAQIDBA==\u{1E}3probe\u{1E}4\u{1E}b\u{1E}1".utf8)
        for count in 0...payload.count {
            let prefix = Array(payload.prefix(count))
            let actual = try? self.decode(prefix)
            #expect(actual == Self.naive(prefix), "the first \(count) bytes")
        }
    }

    /// Splits as strings, decodes base64 by the other interface.
    private static func naive(_ bytes: [UInt8]) -> [PayloadDecoder.Packet]? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        var packets: [PayloadDecoder.Packet] = []
        var offset = 0
        for part in bytes.split(separator: 0x1E, omittingEmptySubsequences: false) {
            defer { offset += part.count + 1 }
            guard let first = part.first else { return nil }
            let data = offset + 1..<offset + part.count
            if first == UInt8(ascii: "b") {
                guard let decoded = Base64.decode(String(decoding: part.dropFirst(), as: UTF8.self)) else { return nil }
                packets.append(.binary(base64: data, byteCount: decoded.count))
            } else {
                guard let type = PacketType(rawValue: first) else { return nil }
                packets.append(.packet(type, data: data))
            }
        }
        return packets
    }
}
