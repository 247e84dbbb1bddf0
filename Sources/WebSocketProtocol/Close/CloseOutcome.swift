/// How a connection ended: the words of both sides and who spoke first (RFC 6455 §7.1.4–7.1.6).
public struct CloseOutcome: Sendable, Hashable, CustomStringConvertible {
    public enum Initiator: Sendable, Hashable {
        case local
        case remote
    }

    /// The Close frame we sent, or nil if we sent none.
    public let sent: ClosePayload?
    /// The Close frame the peer sent, or nil if none arrived. Its reason is untrusted text.
    public let received: ClosePayload?
    /// Who began to close, or to break off.
    public let initiator: Initiator
    /// The rule the peer broke, if that is why the connection failed.
    public let violation: ProtocolViolation?

    package init(
        sent: ClosePayload?,
        received: ClosePayload?,
        initiator: Initiator,
        violation: ProtocolViolation? = nil
    ) {
        self.sent = sent
        self.received = received
        self.initiator = initiator
        self.violation = violation
    }

    /// The code of §7.1.5: the received one, 1005 if the peer's Close had none, 1006 if none arrived.
    public var code: CloseCode { self.received?.reportedCode ?? .abnormalClosure }

    /// The reason of §7.1.6: the received one, or empty. Untrusted text.
    public var reason: String { self.received?.reason ?? "" }

    /// True if both sides said Close (§7.1.4).
    public var wasClean: Bool { self.sent != nil && self.received != nil }

    /// True if the connection ended as connections are meant to: cleanly, with 1000, 1001 or no code.
    public var isOrdinary: Bool {
        self.wasClean && (self.code == .normalClosure || self.code == .goingAway || self.code == .noStatusReceived)
    }

    public var description: String {
        func say(_ payload: ClosePayload?) -> String {
            guard let payload else { return "nothing" }
            let code = payload.code.map(String.init(describing:)) ?? "no code"
            return payload.reason.isEmpty ? code : "\(code) \(CloseOutcome.quote(payload.reason))"
        }
        let order =
            self.initiator == .local
            ? "sent \(say(self.sent)), then received \(say(self.received))"
            : "received \(say(self.received)), then sent \(say(self.sent))"
        guard let violation = self.violation else { return order }
        return "\(violation); \(order)"
    }

    /// The text in quotes. `debugDescription` leaves C1 controls, line separators and direction overrides as they are;
    /// with those a peer could steer the terminal or forge the line that shows its reason.
    private static func quote(_ text: String) -> String {
        var quoted = ""
        for scalar in text.debugDescription.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                quoted += scalar.escaped(asASCII: true)
            default:
                quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted
    }
}
