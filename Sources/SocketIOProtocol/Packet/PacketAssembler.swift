internal import OrderedCollections

/// Makes packets of the messages of a session: texts, and attachments behind those that announce them.
package struct PacketAssembler: Sendable {
    private let limits: SocketIOLimits
    /// The packet whose attachments are on their way.
    private var incomplete: Incomplete?

    /// Not a structure: sessions wait for attachments seldom, and many sessions wait.
    private final class Incomplete: Sendable {
        let text: PacketDecoder.Text
        let attachments: [[UInt8]]

        init(_ text: PacketDecoder.Text, _ attachments: [[UInt8]]) {
            self.text = text
            self.attachments = attachments
        }
    }

    package init(limits: SocketIOLimits) {
        self.limits = limits
    }

    /// - Returns: the packet, or nil if attachments are to follow.
    package mutating func receivedText(_ bytes: UnsafeRawBufferPointer) throws(SocketIOViolation) -> SocketIOPacket? {
        guard self.incomplete == nil else { throw .missingAttachment }
        let text = try PacketDecoder.decode(bytes, limits: self.limits)
        guard text.attachmentCount > 0 else { return text.packet }
        self.incomplete = Incomplete(text, [])
        return nil
    }

    /// - Returns: the packet if this was its last attachment.
    package mutating func receivedBinary(_ bytes: [UInt8]) throws(SocketIOViolation) -> SocketIOPacket? {
        guard let incomplete = self.incomplete else { throw .unexpectedBinary }
        let attachments = incomplete.attachments + [bytes]
        guard attachments.count == incomplete.text.attachmentCount else {
            self.incomplete = Incomplete(incomplete.text, attachments)
            return nil
        }
        self.incomplete = nil
        return try incomplete.text.packet.attaching(attachments)
    }
}

extension SocketIOPacket {
    fileprivate func attaching(_ attachments: [[UInt8]]) throws(SocketIOViolation) -> SocketIOPacket {
        var packet = self
        var attachments = Attachments(attachments)
        switch self.content {
        case .event(let name, let arguments, let id):
            packet.content = .event(name, try attachments.put(into: arguments), acknowledgmentID: id)
        case .acknowledgment(let arguments, let id):
            packet.content = .acknowledgment(try attachments.put(into: arguments), id: id)
        case .connect, .disconnect, .connectError:
            break
        }
        return packet
    }
}

/// The attachments of a packet, each of which has one place. One that could have many would be a megabyte that a few bytes
/// multiply as soon as the values are sent again.
private struct Attachments {
    private var unused: [[UInt8]?]

    init(_ attachments: [[UInt8]]) {
        self.unused = attachments
    }

    /// Puts them in the place of their placeholders.
    mutating func put(into values: [SocketIOValue]) throws(SocketIOViolation) -> [SocketIOValue] {
        var values = values
        for index in values.indices { values[index] = try self.put(into: values[index]) }
        return values
    }

    private mutating func put(into value: SocketIOValue) throws(SocketIOViolation) -> SocketIOValue {
        switch value {
        case .array(let values):
            return .array(try self.put(into: values))
        case .object(var members):
            if members["_placeholder"] == .bool(true) { return .binary(try self.take(members["num"])) }
            for index in members.values.indices {
                members.values[index] = try self.put(into: members.values[index])
            }
            return .object(members)
        default:
            return value
        }
    }

    private mutating func take(_ number: SocketIOValue?) throws(SocketIOViolation) -> [UInt8] {
        guard let index = number?.integer.flatMap({ Int(exactly: $0) }), self.unused.indices.contains(index),
            let attachment = self.unused[index].take()
        else { throw .illegalAttachment }
        return attachment
    }
}
