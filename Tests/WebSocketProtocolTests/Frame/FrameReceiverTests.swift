import Testing
import WebSocketProtocol

@Suite("Frame receiver (§5.4, §5.5)")
struct FrameReceiverTests {
    /// The transcript of the stream, the same for every cut.
    private func transcript(
        _ bytes: [UInt8],
        role: Role = .client,
        limits: ReceiveLimits = ReceiveLimits(),
        allowing bits: ReservedBits = []
    ) -> FrameTranscript {
        let bytewise = FrameTranscript(bytes.map { [$0] }, role: role, limits: limits, allowedReservedBits: bits)
        for pieces in everyCut(of: bytes) {
            let cut = FrameTranscript(pieces, role: role, limits: limits, allowedReservedBits: bits)
            #expect(cut.ignoringPosition == bytewise.ignoringPosition, "cut into \(pieces)")
        }
        return bytewise
    }

    /// Expects the rule to be broken exactly when byte number `byte` arrives.
    private func expect(
        _ violation: ProtocolViolation,
        atByte byte: Int,
        of bytes: [UInt8],
        role: Role = .client,
        limits: ReceiveLimits = ReceiveLimits(),
        allowing bits: ReservedBits = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let transcript = self.transcript(bytes, role: role, limits: limits, allowing: bits)
        #expect(transcript.violation == violation, sourceLocation: sourceLocation)
        #expect(transcript.violationByte == byte, sourceLocation: sourceLocation)
    }

    // MARK: Messages

    @Test("An unfragmented text message, as printed in §5.7", .requirement(110, 146, 148))
    func unmaskedText() {
        let transcript = self.transcript([0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
        #expect(transcript.entries == [.data(.text, Array("Hello".utf8), starts: true, ends: true)])
        #expect(transcript.violation == nil && transcript.isAtBoundary)
    }

    @Test("A masked text message, as printed in §5.7", .requirement(107, 147, 148))
    func maskedText() {
        let wire: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        let transcript = self.transcript(wire, role: .server)
        #expect(transcript.entries == [.data(.text, Array("Hello".utf8), starts: true, ends: true)])
    }

    @Test("A fragmented message, as printed in §5.7", .requirement(110, 114, 146))
    func fragmentedText() {
        let transcript = self.transcript([0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F])
        #expect(transcript.entries == [.data(.text, Array("Hello".utf8), starts: true, ends: true)])
    }

    @Test("Each fragment has its own masking key", .requirement(107, 110))
    func fragmentKeys() {
        let wire: [UInt8] = [
            0x02, 0x83, 0x01, 0x02, 0x03, 0x04, 0x11 ^ 0x01, 0x22 ^ 0x02, 0x33 ^ 0x03,
            0x00, 0x82, 0xF0, 0xE0, 0xD0, 0xC0, 0x44 ^ 0xF0, 0x55 ^ 0xE0,
            0x80, 0x81, 0x0A, 0x0B, 0x0C, 0x0D, 0x66 ^ 0x0A,
        ]
        let transcript = self.transcript(wire, role: .server)
        #expect(
            transcript.entries == [.data(.binary, [0x11, 0x22, 0x33, 0x44, 0x55, 0x66], starts: true, ends: true)]
        )
    }

    @Test("Empty first, middle and last fragments are legal", .requirement(117))
    func emptyFragments() {
        let cases: [(wire: [UInt8], payload: [UInt8])] = [
            ([0x81, 0x00], []),
            ([0x01, 0x00, 0x80, 0x00], []),
            ([0x01, 0x00, 0x00, 0x00, 0x80, 0x01, 0x61], [0x61]),
            ([0x01, 0x01, 0x61, 0x00, 0x00, 0x80, 0x01, 0x62], [0x61, 0x62]),
            ([0x01, 0x01, 0x61, 0x80, 0x00], [0x61]),
        ]
        for (wire, payload) in cases {
            let transcript = self.transcript(wire)
            #expect(transcript.entries == [.data(.text, payload, starts: true, ends: true)])
            #expect(transcript.isAtBoundary)
        }
    }

    @Test("An empty frame whose header ends the buffer is reported at once", .requirement(117))
    func emptyFrameAtBufferEnd() throws {
        var receiver = FrameReceiver(role: .client, limits: ReceiveLimits())
        let wire: [UInt8] = [0x82, 0x00]
        var offset = 0
        let event = try wire.withUnsafeBytes { try receiver.next(in: $0, from: &offset) }
        guard case .part(let part) = event else {
            Issue.record("\(event)")
            return
        }
        #expect(part.payload == 2..<2)
        #expect(part.startsMessage && part.endsMessage && part.missingByteCount == 0)
    }

    @Test("Many frames in one read come out one after the other", .requirement(148))
    func manyFrames() {
        let wire: [UInt8] = [0x81, 0x01, 0x61, 0x82, 0x02, 0xFF, 0xFE, 0x89, 0x00, 0x81, 0x00]
        #expect(
            self.transcript(wire).entries == [
                .data(.text, [0x61], starts: true, ends: true),
                .data(.binary, [0xFF, 0xFE], starts: true, ends: true),
                .control(.ping, []),
                .data(.text, [], starts: true, ends: true),
            ]
        )
    }

    @Test("A half received frame or message is no boundary")
    func boundary() {
        for wire: [UInt8] in [[0x81], [0x81, 0x01], [0x01, 0x01, 0x61], [0x01, 0x00, 0x80], [0x89, 0x02, 0x61]] {
            #expect(!FrameTranscript([wire]).isAtBoundary)
        }
        #expect(FrameTranscript([[0x81, 0x01, 0x61]]).isAtBoundary)
        #expect(FrameTranscript([[]]).isAtBoundary)
    }

    @Test("A part says how much of its frame is to come, and no payload is copied", .requirement(103))
    func partialFrame() throws {
        var receiver = FrameReceiver(role: .client, limits: ReceiveLimits())
        let wire: [UInt8] = [0x82, 0x7E, 0x01, 0x00, 0xAA, 0xBB]
        var offset = 0
        try wire.withUnsafeBytes { bytes in
            guard case .part(let part) = try receiver.next(in: bytes, from: &offset) else {
                Issue.record("a part was expected")
                return
            }
            #expect(part.payload == 4..<6)
            #expect(part.missingByteCount == 254)
            #expect(part.startsMessage && !part.endsMessage)
            let event = try receiver.next(in: bytes, from: &offset)
            #expect(event == .needMoreBytes)
        }
        let rest = [UInt8](repeating: 0, count: 254)
        offset = 0
        try rest.withUnsafeBytes { bytes in
            guard case .part(let part) = try receiver.next(in: bytes, from: &offset) else {
                Issue.record("a part was expected")
                return
            }
            #expect(part.payload == 0..<254)
            #expect(!part.startsMessage && part.endsMessage && part.missingByteCount == 0)
        }
    }

    // MARK: Control frames

    @Test("Control frames come whole and unmasked", .requirement(122, 130, 132))
    func controlFrames() {
        #expect(
            self.transcript([0x89, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]).entries == [
                .control(.ping, Array("Hello".utf8))
            ]
        )
        let pong: [UInt8] = [0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(self.transcript(pong, role: .server).entries == [.control(.pong, Array("Hello".utf8))])
        #expect(self.transcript([0x88, 0x02, 0x03, 0xE8]).entries == [.control(.close, [0x03, 0xE8])])
        let longest = [UInt8](repeating: 0x2A, count: 125)
        #expect(self.transcript([0x89, 0x7D] + longest).entries == [.control(.ping, longest)])
    }

    @Test("Control frames between fragments leave the message as it is", .requirement(111, 114))
    func interleavedControl() {
        let wire: [UInt8] = [
            0x01, 0x02, 0x61, 0x62, 0x89, 0x01, 0x70, 0x00, 0x00, 0x8A, 0x00, 0x80, 0x01, 0x63,
        ]
        #expect(
            self.transcript(wire).entries == [
                .data(.text, [0x61, 0x62], starts: true, ends: false),
                .control(.ping, [0x70]),
                .data(.text, [], starts: false, ends: false),
                .control(.pong, []),
                .data(.text, [0x63], starts: false, ends: true),
            ]
        )
    }

    @Test("A control frame's payload replaces that of the one before", .requirement(130))
    func controlPayloads() {
        let wire: [UInt8] = [0x89, 0x02, 0x61, 0x62, 0x89, 0x00, 0x8A, 0x01, 0x63]
        #expect(
            self.transcript(wire).entries == [
                .control(.ping, [0x61, 0x62]), .control(.ping, []), .control(.pong, [0x63]),
            ]
        )
    }

    @Test("A fragmented control frame fails with 1002 (§5.5)", .requirement(112))
    func fragmentedControl() {
        for first: UInt8 in [0x08, 0x09, 0x0A] {
            self.expect(.controlFrameFragmented, atByte: 1, of: [first, 0x00])
        }
        #expect(ProtocolViolation.controlFrameFragmented.closeCode == .protocolError)
    }

    @Test("A control frame over 125 bytes fails with 1002 (§5.5)", .requirement(122))
    func longControl() {
        self.expect(.controlFrameTooLong, atByte: 2, of: [0x89, 0x7E, 0x00, 0x7E])
        #expect(ProtocolViolation.controlFrameTooLong.closeCode == .protocolError)
    }

    // MARK: Order

    @Test("A continuation without a start fails with 1002 (§5.4)", .requirement(113))
    func continuationWithoutStart() {
        self.expect(.continuationWithoutStart, atByte: 2, of: [0x80, 0x01, 0x61])
        self.expect(.continuationWithoutStart, atByte: 2, of: [0x00, 0x00])
        self.expect(.continuationWithoutStart, atByte: 5, of: [0x81, 0x01, 0x61, 0x80, 0x00])
        self.expect(.continuationWithoutStart, atByte: 8, of: [0x01, 0x00, 0x80, 0x00, 0x89, 0x00, 0x80, 0x00])
        #expect(ProtocolViolation.continuationWithoutStart.closeCode == .protocolError)
    }

    @Test("A new message inside a message fails with 1002 (§5.4)", .requirement(113, 114))
    func messageInsideMessage() {
        self.expect(.messageInsideMessage, atByte: 5, of: [0x01, 0x01, 0x61, 0x81, 0x01, 0x62])
        self.expect(.messageInsideMessage, atByte: 4, of: [0x02, 0x00, 0x01, 0x00])
        self.expect(.messageInsideMessage, atByte: 6, of: [0x02, 0x00, 0x89, 0x00, 0x82, 0x00])
        #expect(ProtocolViolation.messageInsideMessage.closeCode == .protocolError)
    }

    @Test("What came before a violation is still reported", .requirement(160))
    func entriesBeforeViolation() {
        let transcript = self.transcript([0x81, 0x01, 0x61, 0x83])
        #expect(transcript.entries == [.data(.text, [0x61], starts: true, ends: true)])
        #expect(transcript.violation == .reservedOpcode)
        #expect(transcript.violationByte == 4)
    }

    @Test("A reserved bit without an extension fails with 1002 (§5.2)", .requirement(97))
    func reservedBits() {
        for first: UInt8 in [0xC1, 0xA1, 0x91, 0xF1, 0xC2, 0xC9] {
            self.expect(.reservedBits, atByte: 1, of: [first, 0x00])
        }
        #expect(ProtocolViolation.reservedBits.closeCode == .protocolError)
    }

    @Test("A negotiated bit counts for the whole message but stands on its first frame only (RFC 7692 §6.1)")
    func negotiatedBit() {
        let message: [UInt8] = [0x41, 0x01, 0x61, 0x80, 0x01, 0x62]
        #expect(
            self.transcript(message, allowing: .rsv1).entries == [
                .data(.text, [0x61, 0x62], starts: true, ends: true, reservedBits: .rsv1)
            ]
        )
        self.expect(.reservedBits, atByte: 5, of: [0x41, 0x01, 0x61, 0xC0, 0x01, 0x62], allowing: .rsv1)
        self.expect(.reservedBits, atByte: 1, of: [0xC9, 0x00], allowing: .rsv1)
    }

    @Test("Unknown opcodes fail with 1002 (§5.2)", .requirement(98))
    func unknownOpcodes() {
        for opcode: UInt8 in [3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF] {
            self.expect(.reservedOpcode, atByte: 1, of: [0x80 | opcode, 0x00])
        }
        #expect(ProtocolViolation.reservedOpcode.closeCode == .protocolError)
    }

    @Test("A server fails unmasked, a client masked frames, whatever their kind (§5.1)", .requirement(94, 96))
    func maskingRules() {
        for first: UInt8 in [0x01, 0x82, 0x88, 0x89, 0x8A] {
            self.expect(.unmaskedFrame, atByte: 2, of: [first, 0x00], role: .server)
            self.expect(.maskedFrame, atByte: 2, of: [first, 0x80, 1, 2, 3, 4], role: .client)
        }
    }

    // MARK: Limits (§10.4)

    @Test("A frame over the limit fails with 1009 at its header", .requirement(119))
    func frameLimit() {
        let limits = ReceiveLimits(maximumFrameByteCount: 3)
        #expect(self.transcript([0x82, 0x03, 1, 2, 3], limits: limits).violation == nil)
        self.expect(.frameTooBig, atByte: 2, of: [0x82, 0x04, 1, 2, 3, 4], limits: limits)
        #expect(ProtocolViolation.frameTooBig.closeCode == .messageTooBig)
    }

    @Test("A frame over the limit fails at its length, before its masking key", .requirement(119))
    func limitBeforeKey() {
        let key: [UInt8] = [1, 2, 3, 4]
        let limits = ReceiveLimits(maximumMessageByteCount: 300, maximumFrameByteCount: 200)
        self.expect(.frameTooBig, atByte: 4, of: [0x82, 0xFE, 0, 201] + key, role: .server, limits: limits)
        self.expect(
            .frameTooBig, atByte: 10, of: [0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0] + key, role: .server, limits: limits)
        let first = [0x02, 0xFE, 0, 200] + key + [UInt8](repeating: 0, count: 200)
        self.expect(
            .messageTooBig, atByte: first.count + 2, of: first + [0x80, 0x80 | 101] + key, role: .server, limits: limits
        )
        self.expect(.continuationWithoutStart, atByte: 2, of: [0x80, 0x85] + key, role: .server)
        // Within the limits nothing happens twice: three fragments are three.
        let fragments = [0x02, 0x81] + key + [0, 0x00, 0x81] + key + [0, 0x80, 0x81] + key + [0]
        let three = ReceiveLimits(maximumFragmentCount: 3)
        #expect(self.transcript(fragments, role: .server, limits: three).violation == nil)
    }

    @Test("What is compressed may be an eighth and 64 bytes longer on the wire than the limits", .requirement(119, 232))
    func compressedLimits() {
        let limits = ReceiveLimits(maximumMessageByteCount: 1600, maximumFrameByteCount: 800)
        for (first, byteCount, violation) in [
            (0xC2, 864 + 100, nil), (0xC2, 865 + 100, .frameTooBig), (0x82, 800, nil), (0x82, 801, .frameTooBig),
        ] as [(UInt8, Int, ProtocolViolation?)] {
            let frame = [first, 0x7E, UInt8(byteCount >> 8), UInt8(byteCount & 0xFF)]
            let transcript = FrameTranscript([frame], limits: limits, allowedReservedBits: .rsv1)
            #expect(transcript.violation == violation, "\(byteCount)")
        }
        for (first, byteCount, violation) in [
            (0x42, 1864 - 950, nil), (0x42, 1865 - 950, .messageTooBig), (0x02, 1, .frameTooBig),
        ] as [(UInt8, Int, ProtocolViolation?)] {
            let start = [first, 0x7E, 0x03, 0xB6] + [UInt8](repeating: 0, count: 950)
            let frame = [0x80, 0x7E, UInt8(byteCount >> 8), UInt8(byteCount & 0xFF)]
            let transcript = FrameTranscript([start + frame], limits: limits, allowedReservedBits: .rsv1)
            #expect(transcript.violation == violation, "\(byteCount)")
        }
    }

    @Test("The frame limit does not concern control frames")
    func frameLimitSparesControl() {
        let limits = ReceiveLimits(maximumMessageByteCount: 0, maximumFrameByteCount: 0, maximumFragmentCount: 0)
        #expect(self.transcript([0x89, 0x02, 1, 2], limits: limits).entries == [.control(.ping, [1, 2])])
    }

    @Test("A message over the limit fails with 1009 at the header that shows it", .requirement(119))
    func messageLimit() {
        let limits = ReceiveLimits(maximumMessageByteCount: 3)
        let whole: [UInt8] = [0x02, 0x02, 1, 2, 0x80, 0x01, 3]
        #expect(self.transcript(whole, limits: limits).violation == nil)
        self.expect(.messageTooBig, atByte: 6, of: [0x02, 0x02, 1, 2, 0x80, 0x02, 3, 4], limits: limits)
        self.expect(.messageTooBig, atByte: 2, of: [0x82, 0x04, 1, 2, 3, 4], limits: limits)
        #expect(ProtocolViolation.messageTooBig.closeCode == .messageTooBig)
    }

    @Test("Each message has the whole limit for itself", .requirement(119))
    func limitsStartAfresh() {
        let limits = ReceiveLimits(maximumMessageByteCount: 2, maximumFragmentCount: 2)
        let message: [UInt8] = [0x02, 0x01, 1, 0x80, 0x01, 2]
        #expect(self.transcript(message + message + message, limits: limits).violation == nil)
    }

    @Test("Class 2: fragment count. Too many fragments, empty ones counted, fail with 1008", .requirement(118))
    func fragmentLimit() {
        let limits = ReceiveLimits(maximumFragmentCount: 3)
        #expect(self.transcript([0x02, 0x00, 0x00, 0x00, 0x80, 0x00], limits: limits).violation == nil)
        self.expect(.tooManyFragments, atByte: 8, of: [0x02, 0, 0x00, 0, 0x00, 0, 0x00, 0], limits: limits)
        let withPings: [UInt8] = [0x02, 0, 0x89, 0, 0x00, 0, 0x89, 0, 0x80, 0]
        #expect(self.transcript(withPings, limits: limits).violation == nil)
        #expect(ProtocolViolation.tooManyFragments.closeCode == .policyViolation)
    }

    @Test("Class 3: length arithmetic. Lengths near 2^63 neither trap nor wrap", .requirement(102, 103))
    func overflow() {
        let unlimited = ReceiveLimits(maximumMessageByteCount: .max, maximumFrameByteCount: .max)
        let longest: [UInt8] = [0x82, 0x7F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
        self.expect(.frameTooBig, atByte: 10, of: longest)
        #expect(self.transcript(longest, limits: unlimited).violation == nil)
        #expect(
            self.transcript(longest + [0x2A], limits: unlimited).entries == [
                .data(.binary, [0x2A], starts: true, ends: false)
            ]
        )
        let secondOverflows: [UInt8] = [0x02, 0x01, 0x2A] + [0x80] + longest[1...]
        self.expect(.messageTooBig, atByte: 13, of: secondOverflows, limits: unlimited)
    }

    @Test("The defaults stop a message over 1 MiB", .requirement(119))
    func defaults() {
        self.expect(.frameTooBig, atByte: 10, of: [0x82, 0x7F, 0, 0, 0, 0, 0, 0x10, 0, 0x01])
        #expect(self.transcript([0x82, 0x7F, 0, 0, 0, 0, 0, 0x10, 0, 0]).violation == nil)
    }
}
