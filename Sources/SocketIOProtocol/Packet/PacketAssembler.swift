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
        switch self.content {
        case .event(let name, let arguments, let id):
            packet.content = .event(name, try arguments.attaching(attachments), acknowledgmentID: id)
        case .acknowledgment(let arguments, let id):
            packet.content = .acknowledgment(try arguments.attaching(attachments), id: id)
        case .connect, .disconnect, .connectError:
            break
        }
        return packet
    }
}

extension [SocketIOValue] {
    fileprivate func attaching(_ attachments: [[UInt8]]) throws(SocketIOViolation) -> [SocketIOValue] {
        var values = self
        for index in values.indices { values[index] = try values[index].attaching(attachments) }
        return values
    }
}

extension SocketIOValue {
    fileprivate func attaching(_ attachments: [[UInt8]]) throws(SocketIOViolation) -> SocketIOValue {
        switch self {
        case .array(let values):
            return .array(try values.attaching(attachments))
        case .object(var members):
            if members["_placeholder"] == .bool(true) {
                guard let number = members["num"]?.integer, let index = Int(exactly: number),
                    attachments.indices.contains(index)
                else { throw .illegalAttachment }
                return .binary(attachments[index])
            }
            for index in members.values.indices {
                members.values[index] = try members.values[index].attaching(attachments)
            }
            return .object(members)
        default:
            return self
        }
    }
}
