import Testing
import WebSocketProtocol

@Suite("Close body (§5.5.1)")
struct ClosePayloadTests {
    @Test("An empty body has no code and is reported as 1005 (§7.1.5)", .requirement(123, 155))
    func empty() throws {
        let payload = try ClosePayload(decoding: [])
        #expect(payload == .empty)
        #expect(payload.code == nil && payload.reason.isEmpty)
        #expect(payload.reportedCode == .noStatusReceived)
        #expect(ClosePayload.empty.encoded == [])
    }

    @Test("A body of one byte fails with 1002", .requirement(123))
    func oneByte() {
        for byte in UInt8.min...UInt8.max {
            #expect(throws: ProtocolViolation.closeBodyOneByte) { try ClosePayload(decoding: [byte]) }
        }
        #expect(ProtocolViolation.closeBodyOneByte.closeCode == .protocolError)
    }

    @Test("Code and reason are read and written in network order", .requirement(123, 155, 156))
    func codeAndReason() throws {
        let wire: [UInt8] = [0x03, 0xE9, 0x62, 0x79, 0x65]
        let payload = try ClosePayload(decoding: wire)
        #expect(payload.code == .goingAway)
        #expect(payload.reason == "bye")
        #expect(payload.reportedCode == .goingAway)
        #expect(try ClosePayload(code: .goingAway, reason: "bye", role: .server).encoded == wire)
        #expect(try ClosePayload(decoding: [0x03, 0xE8]).reason == "")
    }

    @Test("A code that must not be on the wire fails with 1002 (§7.4)", .requirement(170))
    func invalidCode() {
        for body: [UInt8] in [
            [0x00, 0x00], [0x03, 0xE7], [0x03, 0xEC], [0x03, 0xED, 0x61], [0x13, 0x88], [0xFF, 0xFF],
        ] {
            #expect(throws: ProtocolViolation.closeCodeInvalid) { try ClosePayload(decoding: body) }
        }
        #expect(ProtocolViolation.closeCodeInvalid.closeCode == .protocolError)
    }

    @Test(
        "A reason that is not UTF-8 fails with 1007 (§8.1)",
        .requirement(124),
        arguments: [[0xFF], [0x61, 0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80], [0xF4, 0x90, 0x80, 0x80]] as [[UInt8]]
    )
    func invalidReason(reason: [UInt8]) {
        #expect(throws: ProtocolViolation.closeReasonNotUTF8) { try ClosePayload(decoding: [0x03, 0xE8] + reason) }
        #expect(ProtocolViolation.closeReasonNotUTF8.closeCode == .invalidPayload)
    }

    @Test("A reason of 123 bytes fits, one of 124 is an error: nothing is cut off", .requirement(122, 167, 168))
    func longestReason() throws {
        let longest = String(repeating: "a", count: 123)
        #expect(try ClosePayload(code: .normalClosure, reason: longest, role: .client).encoded.count == 125)
        #expect(try ClosePayload(code: nil, role: .server) == .empty)
        #expect(throws: CloseArgumentError.reasonWithoutCode) {
            try ClosePayload(code: nil, reason: "why", role: .server)
        }
        #expect(throws: CloseArgumentError.reasonTooLong(byteCount: 124)) {
            try ClosePayload(code: .normalClosure, reason: longest + "a", role: .client)
        }
        // 41 scalars of three bytes are 123 bytes; one more would have to be split.
        let euros = String(repeating: "€", count: 41)
        #expect(try ClosePayload(code: .normalClosure, reason: euros, role: .server).reason == euros)
        #expect(throws: CloseArgumentError.reasonTooLong(byteCount: 126)) {
            try ClosePayload(code: .normalClosure, reason: euros + "€", role: .server)
        }
    }

    @Test("What is sent is what is received, for every code and length of reason", .requirement(155, 156))
    func roundTrip() throws {
        for code: CloseCode in [1000, 1001, 1002, 1003, 1007, 1014, 3000, 3999, 4000, 4999] {
            for count in 0...123 {
                let payload = try ClosePayload(code: code, reason: String(repeating: "x", count: count), role: .client)
                #expect(try ClosePayload(decoding: payload.encoded) == payload)
            }
        }
    }

    @Test("Every violation has a close code and a reason that can be sent", .requirement(159, 173))
    func violations() throws {
        let violations: [ProtocolViolation] = [
            .reservedBits, .reservedOpcode, .unmaskedFrame, .maskedFrame, .lengthNotMinimal, .lengthTopBit,
            .controlFrameFragmented, .controlFrameTooLong, .continuationWithoutStart, .messageInsideMessage,
            .closeBodyOneByte, .closeCodeInvalid, .closeReasonNotUTF8, .textNotUTF8, .frameTooBig, .messageTooBig,
            .tooManyFragments,
        ]
        #expect(Set(violations.map(\.rule)).count == violations.count)
        for violation in violations {
            let payload = ClosePayload(violation)
            #expect(payload.encoded.count <= 125)
            #expect(violation.rule.utf8.allSatisfy { (0x20...0x7E).contains($0) })
            #expect(try ClosePayload(decoding: payload.encoded) == payload)
            #expect(try ClosePayload(code: violation.closeCode, reason: violation.rule, role: .server) == payload)
            #expect(violation.section.hasPrefix("RFC 6455 §"))
        }
        #expect(ProtocolViolation.textNotUTF8.closeCode == .invalidPayload)
    }
}
