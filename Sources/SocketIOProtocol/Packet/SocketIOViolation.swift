/// What is wrong with something that a peer sent. It ends the session with the reason "parse error".
///
/// A structure, not an enumeration: more may come.
public struct SocketIOViolation: Error, Sendable, Hashable, CustomStringConvertible {
    /// The rule that was broken.
    public let rule: String

    public var description: String { self.rule }

    package static let emptyPacket = SocketIOViolation(rule: "a packet is not empty")
    package static let unknownType = SocketIOViolation(rule: "a packet begins with a type from 0 to 6")
    package static let attachmentCount = SocketIOViolation(
        rule: "a binary packet has its number of attachments before a dash")
    package static let tooManyAttachments = SocketIOViolation(rule: "a packet has no more attachments than the limit")
    package static let illegalAttachment = SocketIOViolation(
        rule: "a placeholder names one of the packet's attachments, and no other placeholder does")
    package static let missingAttachment = SocketIOViolation(rule: "attachments come right behind their packet")
    package static let unexpectedBinary = SocketIOViolation(rule: "bytes come only as attachments")
    package static let namespace = SocketIOViolation(rule: "the name of a namespace is no longer than the limit")
    package static let acknowledgmentID = SocketIOViolation(
        rule: "the id of an acknowledgment is a number, and only events and acknowledgments have one")
    package static let payload = SocketIOViolation(rule: "a packet's payload has the form of its type")
    package static let reservedEvent = SocketIOViolation(rule: "the name of an event is not a reserved one")
    package static let invalidJSON = SocketIOViolation(rule: "a payload is JSON (RFC 8259)")
    package static let tooDeep = SocketIOViolation(rule: "values are nested no deeper than the limit")
    package static let unknownNamespace = SocketIOViolation(rule: "a packet names a namespace that was joined")
    package static let tooManyEarlyEvents = SocketIOViolation(
        rule: "no more than 65,536 events come before the connection is confirmed")
    package static let alreadyConnected = SocketIOViolation(rule: "a session joins each namespace once")
    package static let tooManyNamespaces = SocketIOViolation(rule: "a session joins no more namespaces than the limit")
}
