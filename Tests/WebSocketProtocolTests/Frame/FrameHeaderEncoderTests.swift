import Testing
import WebSocketProtocol

@Suite("Frame header encoder (§5.2)")
struct FrameHeaderEncoderTests {
    private func encode(_ header: FrameHeader) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xEE, count: FrameHeader.maximumByteCount)
        let count = bytes.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { FrameHeaderEncoder.encode(header, into: $0) } ?? 0
        }
        #expect(bytes[count...].allSatisfy { $0 == 0xEE }, "nothing is written behind the header")
        return Array(bytes[..<count])
    }

    @Test("The RFC's examples (§5.7) come out as printed", .requirement(101, 142))
    func examples() {
        #expect(self.encode(FrameHeader(opcode: .text, payloadLength: 5)) == [0x81, 0x05])
        let key = MaskingKey(0x37, 0xFA, 0x21, 0x3D)
        let masked = FrameHeader(opcode: .text, payloadLength: 5, maskingKey: key)
        #expect(self.encode(masked) == [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D])
        #expect(self.encode(FrameHeader(isFinal: false, opcode: .text, payloadLength: 3)) == [0x01, 0x03])
        #expect(self.encode(FrameHeader(opcode: .continuation, payloadLength: 2)) == [0x80, 0x02])
        #expect(self.encode(FrameHeader(opcode: .ping, payloadLength: 5)) == [0x89, 0x05])
        #expect(self.encode(FrameHeader(opcode: .binary, payloadLength: 256)) == [0x82, 0x7E, 0x01, 0x00])
        let long = FrameHeader(opcode: .binary, payloadLength: 65536)
        #expect(self.encode(long) == [0x82, 0x7F, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00])
    }

    @Test(
        "Every boundary length takes the shortest form and decodes to itself",
        .requirement(93, 95, 100, 101),
        arguments: [
            0, 1, 124, 125, 126, 127, 255, 256, 65534, 65535, 65536, 65537, 1 << 31, 1 << 32, Int.max - 1, Int.max,
        ]
    )
    func roundTrip(length: Int) throws {
        let key = MaskingKey(0x00, 0xFF, 0x80, 0x01)
        let opcodes: [Opcode] = length > 125 ? [.continuation, .text, .binary] : [.continuation, .text, .ping, .close]
        for opcode in opcodes {
            for isMasked in [false, true] {
                let header = FrameHeader(
                    isFinal: true,
                    opcode: opcode,
                    payloadLength: length,
                    maskingKey: isMasked ? key : nil
                )
                let bytes = self.encode(header)
                let lengthByteCount = length <= 125 ? 0 : length <= 65535 ? 2 : 8
                #expect(bytes.count == 2 + lengthByteCount + (isMasked ? 4 : 0))
                #expect(bytes.count == FrameHeaderEncoder.byteCount(payloadLength: length, isMasked: isMasked))
                var decoder = FrameHeaderDecoder(role: isMasked ? .server : .client)
                var offset = 0
                let decoded = try bytes.withUnsafeBytes { try decoder.decode($0, at: &offset) }
                #expect(decoded == header)
                #expect(offset == bytes.count)
            }
        }
    }

    @Test("FIN and reserved bits stand in the first byte")
    func flags() {
        #expect(self.encode(FrameHeader(reservedBits: .rsv1, opcode: .text, payloadLength: 0)) == [0xC1, 0x00])
        #expect(self.encode(FrameHeader(reservedBits: .rsv2, opcode: .text, payloadLength: 0)) == [0xA1, 0x00])
        #expect(self.encode(FrameHeader(reservedBits: .rsv3, opcode: .text, payloadLength: 0)) == [0x91, 0x00])
        #expect(self.encode(FrameHeader(isFinal: false, opcode: .binary, payloadLength: 0)) == [0x02, 0x00])
    }
}
