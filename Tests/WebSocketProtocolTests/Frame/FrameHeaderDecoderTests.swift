import Testing
import WebSocketProtocol

@Suite("Frame header decoder (§5.2)")
struct FrameHeaderDecoderTests {
    /// The header that `bytes` begin with however they are cut, and how many bytes it took.
    private func decode(
        _ bytes: [UInt8],
        as role: Role,
        allowing bits: ReservedBits = []
    ) throws -> (header: FrameHeader, byteCount: Int) {
        var result: (FrameHeader, Int)?
        for pieces in everyCut(of: bytes) {
            let decoded = try self.decode(pieces, as: role, allowing: bits)
            if let result {
                #expect(decoded?.header == result.0 && decoded?.byteCount == result.1, "cut into \(pieces)")
            } else {
                result = decoded
            }
        }
        return try #require(result)
    }

    private func decode(
        _ pieces: [[UInt8]],
        as role: Role,
        allowing bits: ReservedBits
    ) throws(ProtocolViolation) -> (header: FrameHeader, byteCount: Int)? {
        var decoder = FrameHeaderDecoder(role: role, allowedReservedBits: bits)
        var consumed = 0
        for piece in pieces {
            var offset = 0
            let header = try piece.withUnsafeBytes { bytes in
                Result { () throws(ProtocolViolation) in try decoder.decode(bytes, at: &offset) }
            }.get()
            consumed += offset
            if let header { return (header, consumed) }
        }
        return nil
    }

    /// The violation, and the number of bytes that had arrived when it was noticed.
    private func failure(_ bytes: [UInt8], as role: Role, allowing bits: ReservedBits = []) -> Failure? {
        for pieces in everyCut(of: bytes) where pieces.count != bytes.count {
            #expect(throws: ProtocolViolation.self) { try self.decode(pieces, as: role, allowing: bits) }
        }
        for count in 0...bytes.count {
            do throws(ProtocolViolation) {
                _ = try self.decode([Array(bytes[..<count])], as: role, allowing: bits)
            } catch {
                let bytewise = bytes[..<count].map { [$0] }
                #expect(throws: error) { try self.decode(bytewise, as: role, allowing: bits) }
                return Failure(violation: error, atByte: count)
            }
        }
        return nil
    }

    struct Failure: Equatable {
        var violation: ProtocolViolation
        var atByte: Int
    }

    @Test("Lengths of 7, 16 and 64 bits are read in network order", .requirement(99, 101))
    func lengths() throws {
        let key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
        let cases: [(wire: [UInt8], length: Int)] = [
            ([0x82, 0x00], 0),
            ([0x82, 0x7D], 125),
            ([0x82, 0x7E, 0x00, 0x7E], 126),
            ([0x82, 0x7E, 0x01, 0x00], 256),
            ([0x82, 0x7E, 0xFF, 0xFF], 65535),
            ([0x82, 0x7F, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00], 65536),
            ([0x82, 0x7F, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08], 0x0102_0304_0506_0708),
            ([0x82, 0x7F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], Int.max),
        ]
        for (wire, length) in cases {
            let plain = try self.decode(wire, as: .client)
            #expect(plain.header == FrameHeader(opcode: .binary, payloadLength: length))
            #expect(plain.byteCount == wire.count)

            var masked = wire + key
            masked[1] |= 0x80
            let fromClient = try self.decode(masked, as: .server)
            #expect(fromClient.header.payloadLength == length)
            #expect(fromClient.header.maskingKey == MaskingKey(0x37, 0xFA, 0x21, 0x3D))
            #expect(fromClient.byteCount == masked.count)
        }
    }

    @Test("Bytes behind the header are left alone", .requirement(148))
    func leavesPayload() throws {
        let decoded = try self.decode([0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F], as: .client)
        #expect(decoded.byteCount == 2)
    }

    @Test("Every first byte is accepted or refused by opcode, reserved bits and FIN", .requirement(97, 98, 112))
    func firstBytes() throws {
        let known: Set<UInt8> = [0x0, 0x1, 0x2, 0x8, 0x9, 0xA]
        for byte in UInt8.min...UInt8.max {
            let opcode = byte & 0x0F
            let expected: ProtocolViolation? =
                if byte & 0x70 != 0 {
                    .reservedBits
                } else if !known.contains(opcode) {
                    .reservedOpcode
                } else if opcode >= 0x8 && byte & 0x80 == 0 {
                    .controlFrameFragmented
                } else {
                    nil
                }
            let wire = [byte, 0x00]
            if let expected {
                #expect(self.failure(wire, as: .client) == Failure(violation: expected, atByte: 1))
            } else {
                let header = try self.decode(wire, as: .client).header
                #expect(header.opcode.rawValue == opcode)
                #expect(header.isFinal == (byte & 0x80 != 0))
            }
        }
    }

    @Test("A reserved bit with a negotiated meaning passes on data frames only", .requirement(97))
    func negotiatedBits() throws {
        let text = try self.decode([0xC1, 0x00], as: .client, allowing: .rsv1)
        #expect(text.header.reservedBits == .rsv1)
        let reservedBits = Failure(violation: .reservedBits, atByte: 1)
        #expect(self.failure([0xA1, 0x00], as: .client, allowing: .rsv1) == reservedBits)
        #expect(self.failure([0x91, 0x00], as: .client, allowing: [.rsv1, .rsv2]) == reservedBits)
        for control: UInt8 in [0xC8, 0xC9, 0xCA] {
            #expect(self.failure([control, 0x00], as: .client, allowing: .rsv1) == reservedBits)
        }
    }

    @Test("A server fails an unmasked frame at its second byte (§5.1)", .requirement(94))
    func unmasked() {
        let wire: [UInt8] = [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]
        #expect(self.failure(wire, as: .server) == Failure(violation: .unmaskedFrame, atByte: 2))
        #expect(ProtocolViolation.unmaskedFrame.closeCode == .protocolError)
    }

    @Test("A client fails a masked frame at its second byte (§5.1)", .requirement(96))
    func masked() {
        let wire: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(self.failure(wire, as: .client) == Failure(violation: .maskedFrame, atByte: 2))
        #expect(ProtocolViolation.maskedFrame.closeCode == .protocolError)
    }

    @Test("A control frame that announces over 125 bytes fails at its second byte (§5.5)", .requirement(122))
    func longControl() throws {
        for first: UInt8 in [0x88, 0x89, 0x8A] {
            #expect(try self.decode([first, 0x7D], as: .client).header.payloadLength == 125)
            let tooLong = Failure(violation: .controlFrameTooLong, atByte: 2)
            #expect(self.failure([first, 0x7E, 0x00, 0x7E], as: .client) == tooLong)
            #expect(self.failure([first, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0], as: .client) == tooLong)
        }
    }

    @Test("A length that fits a shorter form fails as soon as its bytes show it", .requirement(100))
    func notMinimal() {
        for length: UInt8 in [0, 1, 125] {
            let failure = self.failure([0x82, 0x7E, 0x00, length], as: .client)
            #expect(failure == Failure(violation: .lengthNotMinimal, atByte: 4))
        }
        for low: (UInt8, UInt8) in [(0, 0), (0, 125), (0, 126), (0xFF, 0xFF)] {
            let failure = self.failure([0x82, 0x7F, 0, 0, 0, 0, 0, 0, low.0, low.1], as: .client)
            #expect(failure == Failure(violation: .lengthNotMinimal, atByte: 8))
        }
    }

    @Test("A 64-bit length with its top bit set fails at the byte that has it", .requirement(99, 102))
    func topBit() {
        for byte: UInt8 in [0x80, 0xFF] {
            let wire = [0x82, 0x7F, byte] + [UInt8](repeating: 0xFF, count: 7)
            #expect(self.failure(wire, as: .client) == Failure(violation: .lengthTopBit, atByte: 3))
        }
    }

    @Test("A decoder tells whether a header has begun, and reads the next one afresh")
    func insideHeader() throws {
        var decoder = FrameHeaderDecoder(role: .client)
        #expect(!decoder.isInsideHeader)
        let wire: [UInt8] = [0x82, 0x01, 0x81, 0x02]
        var offset = 0
        let none = try wire[..<1].withUnsafeBytes { try decoder.decode($0, at: &offset) }
        #expect(none == nil)
        #expect(offset == 1)
        #expect(decoder.isInsideHeader)
        let first = try wire.withUnsafeBytes { try decoder.decode($0, at: &offset) }
        #expect(first == FrameHeader(opcode: .binary, payloadLength: 1))
        #expect(offset == 2)
        #expect(!decoder.isInsideHeader)
        let second = try wire.withUnsafeBytes { try decoder.decode($0, at: &offset) }
        #expect(second == FrameHeader(opcode: .text, payloadLength: 2))
        #expect(offset == 4)
        #expect(!decoder.isInsideHeader)
    }

    @Test("An empty buffer is no header")
    func empty() throws {
        var decoder = FrameHeaderDecoder(role: .server)
        var offset = 0
        let none = try decoder.decode(UnsafeRawBufferPointer(start: nil, count: 0), at: &offset)
        #expect(none == nil)
        #expect(try self.decode([], as: .server, allowing: []) == nil)
    }
}
