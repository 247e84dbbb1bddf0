/// What a Close frame says: nothing, or a code and a reason (RFC 6455 §5.5.1).
///
/// Wire layout: empty, or two bytes of code in network order followed by up to 123 bytes of UTF-8.
public struct ClosePayload: Sendable, Hashable {
    /// Nil for an empty body; the receiver then reports 1005.
    public let code: CloseCode?
    /// Up to 123 bytes of UTF-8. From the peer it is untrusted text: escape it before showing it.
    public let reason: String

    /// A Close frame with an empty body.
    public static let empty = ClosePayload(uncheckedCode: nil, reason: "")

    /// The longest reason in bytes of UTF-8: 125 bytes of a control frame less two of the code.
    public static let maximumReasonByteCount = 123

    /// A code and a reason to send, or neither.
    /// - Throws: ``CloseArgumentError`` if `role` may not send the code, there is a reason but no code, or the reason is over 123
    ///   bytes of UTF-8.
    public init(code: CloseCode?, reason: String = "", role: Role) throws(CloseArgumentError) {
        guard let code else {
            guard reason.isEmpty else { throw .reasonWithoutCode }
            self = .empty
            return
        }
        guard code.isSendable(by: role) else { throw .codeNotSendable(code) }
        guard reason.utf8.count <= ClosePayload.maximumReasonByteCount else {
            throw .reasonTooLong(byteCount: reason.utf8.count)
        }
        self.init(uncheckedCode: code, reason: reason)
    }

    package init(uncheckedCode code: CloseCode?, reason: String) {
        self.code = code
        self.reason = reason
    }

    /// What we send when the peer broke a rule.
    package init(_ violation: ProtocolViolation) {
        self.init(uncheckedCode: violation.closeCode, reason: violation.rule)
    }

    /// Reads the body of a received Close frame.
    /// - Throws: the violation for a body of one byte, a code that must not be on the wire, or a reason that is not UTF-8.
    public init(decoding body: [UInt8]) throws(ProtocolViolation) {
        if body.isEmpty {
            self = .empty
            return
        }
        guard body.count >= 2 else { throw .closeBodyOneByte }
        let code = CloseCode(rawValue: UInt16(body[0]) << 8 | UInt16(body[1]))
        guard code.isAllowedOnTheWire else { throw .closeCodeInvalid }
        guard let reason = String(validating: body.dropFirst(2), as: UTF8.self) else { throw .closeReasonNotUTF8 }
        self.init(uncheckedCode: code, reason: reason)
    }

    /// The body to put on the wire.
    public var encoded: [UInt8] {
        guard let code = self.code else { return [] }
        return [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)] + self.reason.utf8
    }

    /// The code as an application sees it: 1005 where the frame had none (§7.1.5).
    public var reportedCode: CloseCode { self.code ?? .noStatusReceived }
}

/// A close was asked for with a code or a reason that can't be sent.
public enum CloseArgumentError: Error, Sendable, Hashable, CustomStringConvertible {
    case codeNotSendable(CloseCode)
    case reasonTooLong(byteCount: Int)
    case reasonWithoutCode

    public var description: String {
        switch self {
        case .codeNotSendable(let code):
            "close code \(code) can't be sent: use 1000–1003, 1007–1014 (1010 from a client only) or 3000–4999"
        case .reasonWithoutCode:
            "a close reason needs a code in front of it (RFC 6455 §5.5.1): give one, 1000 for instance"
        case .reasonTooLong(let byteCount):
            "close reason of \(byteCount) bytes is too long: at most \(ClosePayload.maximumReasonByteCount) bytes of UTF-8"
        }
    }
}
