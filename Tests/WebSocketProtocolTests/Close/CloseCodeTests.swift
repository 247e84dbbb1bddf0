import Testing
import WebSocketProtocol

@Suite("Close codes (§7.4)")
struct CloseCodeTests {
    /// The rule of §7.4 and of the IANA registry, written down a second time.
    private func mayBeOnTheWire(_ code: UInt16) -> Bool {
        switch code {
        case 1000, 1001, 1002, 1003: true
        case 1007, 1008, 1009, 1010, 1011: true
        case 1012, 1013, 1014: true
        case 3000...3999, 4000...4999: true
        default: false
        }
    }

    @Test("Each of the 65,536 codes is allowed or refused by the rule", .requirement(169, 170, 171, 172, 175))
    func everyCode() {
        for value in UInt16.min...UInt16.max {
            let code = CloseCode(rawValue: value)
            let isAllowed = self.mayBeOnTheWire(value)
            if code.isAllowedOnTheWire != isAllowed { Issue.record("\(value): \(code.isAllowedOnTheWire)") }
            if code.isSendable(by: .client) != isAllowed { Issue.record("\(value) from a client") }
            if code.isSendable(by: .server) != (isAllowed && value != 1010) { Issue.record("\(value) from a server") }
            if value.isMultiple(of: 16) || value < 5001 {
                let body = [UInt8(value >> 8), UInt8(value & 0xFF)]
                let decoded = try? ClosePayload(decoding: body)
                if (decoded?.code == code) != isAllowed { Issue.record("\(value) in a Close frame") }
            }
        }
    }

    @Test("1005, 1006 and 1015 are never sent", .requirement(169), arguments: [1004, 1005, 1006, 1015] as [CloseCode])
    func neverSent(code: CloseCode) {
        for role: Role in [.client, .server] {
            #expect(throws: CloseArgumentError.codeNotSendable(code)) { try ClosePayload(code: code, role: role) }
        }
        #expect(throws: ProtocolViolation.closeCodeInvalid) {
            try ClosePayload(decoding: [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)])
        }
    }

    @Test("1010 is sent by a client and understood by both", .requirement(174))
    func mandatoryExtension() throws {
        #expect(try ClosePayload(code: .mandatoryExtension, role: .client).encoded == [0x03, 0xF2])
        #expect(throws: CloseArgumentError.codeNotSendable(.mandatoryExtension)) {
            try ClosePayload(code: .mandatoryExtension, role: .server)
        }
        #expect(try ClosePayload(decoding: [0x03, 0xF2]).code == .mandatoryExtension)
    }

    @Test("The names stand for the numbers of §7.4.1 and of the registry", .requirement(171, 173))
    func numbers() {
        let codes: [(CloseCode, UInt16)] = [
            (.normalClosure, 1000), (.goingAway, 1001), (.protocolError, 1002), (.unsupportedData, 1003),
            (.noStatusReceived, 1005), (.abnormalClosure, 1006), (.invalidPayload, 1007), (.policyViolation, 1008),
            (.messageTooBig, 1009), (.mandatoryExtension, 1010), (.internalError, 1011), (.serviceRestart, 1012),
            (.tryAgainLater, 1013), (.badGateway, 1014), (.tlsHandshake, 1015),
        ]
        for (code, number) in codes {
            #expect(code.rawValue == number)
            #expect(code.name != nil)
        }
    }

    @Test("A code describes itself by number and name")
    func description() {
        #expect(CloseCode.protocolError.description == "1002 protocol error")
        #expect(CloseCode(rawValue: 4321).description == "4321")
        #expect(CloseCode(rawValue: 4321).name == nil)
    }
}
