import Testing
import WebSocketProtocol

@Suite("Close outcome (§7.1.4–7.1.6)")
struct CloseOutcomeTests {
    private static let normal = ClosePayload(uncheckedCode: .normalClosure, reason: "done")

    private func outcome(sent: ClosePayload?, received: ClosePayload?) -> CloseOutcome {
        CloseOutcome(sent: sent, received: received, initiator: .local)
    }

    @Test("The code is the received one, 1005 without a code, 1006 without a Close (§7.1.5)", .requirement(155))
    func code() {
        #expect(self.outcome(sent: .empty, received: Self.normal).code == .normalClosure)
        #expect(self.outcome(sent: Self.normal, received: .empty).code == .noStatusReceived)
        #expect(self.outcome(sent: Self.normal, received: nil).code == .abnormalClosure)
        #expect(self.outcome(sent: nil, received: nil).code == .abnormalClosure)
    }

    @Test("The reason is the received one, or empty (§7.1.6)", .requirement(156))
    func reason() {
        #expect(self.outcome(sent: nil, received: Self.normal).reason == "done")
        #expect(self.outcome(sent: Self.normal, received: .empty).reason == "")
        #expect(self.outcome(sent: Self.normal, received: nil).reason == "")
    }

    @Test("Clean means that both sides said Close (§7.1.4)", .requirement(154))
    func clean() {
        #expect(self.outcome(sent: Self.normal, received: Self.normal).wasClean)
        #expect(self.outcome(sent: .empty, received: .empty).wasClean)
        #expect(!self.outcome(sent: Self.normal, received: nil).wasClean)
        #expect(!self.outcome(sent: nil, received: Self.normal).wasClean)
        #expect(!self.outcome(sent: nil, received: nil).wasClean)
    }

    @Test("Ordinary means clean, with 1000, 1001 or no code")
    func ordinary() {
        for code: CloseCode? in [1000, 1001, nil] {
            let payload = ClosePayload(uncheckedCode: code, reason: "")
            #expect(self.outcome(sent: payload, received: payload).isOrdinary)
            #expect(!self.outcome(sent: nil, received: payload).isOrdinary)
        }
        for code: CloseCode in [1002, 1008, 1011, 1012, 3000, 4000] {
            let payload = ClosePayload(uncheckedCode: code, reason: "")
            #expect(!self.outcome(sent: payload, received: payload).isOrdinary)
        }
    }

    @Test("The description says who spoke first")
    func description() {
        let local = CloseOutcome(sent: Self.normal, received: .empty, initiator: .local)
        #expect(local.description == "sent 1000 normal closure \"done\", then received no code")
        let remote = CloseOutcome(sent: nil, received: Self.normal, initiator: .remote)
        #expect(remote.description == "received 1000 normal closure \"done\", then sent nothing")
        let failed = CloseOutcome(sent: nil, received: nil, initiator: .local, violation: .maskedFrame)
        #expect(
            failed.description
                == "frame from a server is masked (RFC 6455 §5.1, close code 1002); sent nothing, then received nothing"
        )
    }

    @Test(
        "A reason of the peer can't steer a terminal or break a log line (§5.5.1)",
        .requirement(125),
        arguments: ["\u{1B}[2J", "a\r\nb", "\u{0}", "\u{7F}", "\u{9B}2J", "\u{85}", "\u{202E}evil", "\u{2028}", "\""]
    )
    func untrustedReason(reason: String) {
        let payload = ClosePayload(uncheckedCode: .normalClosure, reason: reason)
        let text = self.outcome(sent: nil, received: payload).description
        let dangerous = text.unicodeScalars.filter { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: true
            default: false
            }
        }
        #expect(dangerous.isEmpty)
    }
}
