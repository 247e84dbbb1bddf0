/// Why a connection closed (RFC 6455 §7.4 and the IANA "WebSocket Close Code Number" registry).
public struct CloseCode: RawRepresentable, Sendable, Hashable {
    public let rawValue: UInt16

    @inlinable
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }
}

extension CloseCode: ExpressibleByIntegerLiteral, CustomStringConvertible {
    @inlinable
    public init(integerLiteral value: UInt16) {
        self.init(rawValue: value)
    }

    /// The number and, for a registered code, its name: "1002 protocol error".
    public var description: String {
        guard let name = self.name else { return "\(self.rawValue)" }
        return "\(self.rawValue) \(name)"
    }
}

extension CloseCode {
    public static let normalClosure: CloseCode = 1000
    public static let goingAway: CloseCode = 1001
    public static let protocolError: CloseCode = 1002
    public static let unsupportedData: CloseCode = 1003
    /// Never on the wire: the peer's Close frame had no code (§7.1.5).
    public static let noStatusReceived: CloseCode = 1005
    /// Never on the wire: the connection ended without a Close frame (§7.1.5).
    public static let abnormalClosure: CloseCode = 1006
    public static let invalidPayload: CloseCode = 1007
    public static let policyViolation: CloseCode = 1008
    public static let messageTooBig: CloseCode = 1009
    /// Sent by clients only: the server did not agree to an extension the client needs (§7.4.1).
    public static let mandatoryExtension: CloseCode = 1010
    public static let internalError: CloseCode = 1011
    public static let serviceRestart: CloseCode = 1012
    public static let tryAgainLater: CloseCode = 1013
    public static let badGateway: CloseCode = 1014
    /// Never on the wire: the TLS handshake failed.
    public static let tlsHandshake: CloseCode = 1015
}

extension CloseCode {
    /// The IANA registry as data: a later addition is a line here, not a change of the parser.
    static let registry: [(code: CloseCode, name: String, mayBeOnTheWire: Bool)] = [
        (.normalClosure, "normal closure", true),
        (.goingAway, "going away", true),
        (.protocolError, "protocol error", true),
        (.unsupportedData, "unsupported data", true),
        (1004, "reserved", false),
        (.noStatusReceived, "no status received", false),
        (.abnormalClosure, "abnormal closure", false),
        (.invalidPayload, "invalid payload data", true),
        (.policyViolation, "policy violation", true),
        (.messageTooBig, "message too big", true),
        (.mandatoryExtension, "mandatory extension", true),
        (.internalError, "internal error", true),
        (.serviceRestart, "service restart", true),
        (.tryAgainLater, "try again later", true),
        (.badGateway, "bad gateway", true),
        (.tlsHandshake, "TLS handshake", false),
    ]

    /// The registered name, or nil for a code of a library or an application (3000–4999) and for unknown ones.
    public var name: String? {
        CloseCode.registry.first { $0.code == self }?.name
    }

    /// True if a Close frame may carry this code: registered ones that are meant for the wire, 3000–3999 (libraries
    /// and frameworks) and 4000–4999 (private use). All others fail the connection with 1002 (§7.4.1, §7.4.2).
    public var isAllowedOnTheWire: Bool {
        if (3000...4999).contains(self.rawValue) { return true }
        return CloseCode.registry.contains { $0.code == self && $0.mayBeOnTheWire }
    }

    /// True if this end may send the code: ``isAllowedOnTheWire``, and 1010 from a client only (§7.4.1).
    public func isSendable(by role: Role) -> Bool {
        self.isAllowedOnTheWire && (role == .client || self != .mandatoryExtension)
    }
}
