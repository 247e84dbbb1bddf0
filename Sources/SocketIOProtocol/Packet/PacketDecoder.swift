/// Takes the text of a packet apart: `<type>[<attachments>-][<namespace>,][<id>][JSON]`.
struct PacketDecoder {
    /// What a text says; attachments are still placeholders.
    struct Text: Sendable, Hashable {
        var packet: SocketIOPacket
        var attachmentCount: Int
    }

    private enum PacketType: UInt8 {
        case connect = 0x30
        case disconnect, event, acknowledgment, connectError, binaryEvent, binaryAcknowledgment
    }

    private let bytes: UnsafeRawBufferPointer
    private let limits: SocketIOLimits
    private var index = 0

    private init(_ bytes: UnsafeRawBufferPointer, _ limits: SocketIOLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    static func decode(_ bytes: UnsafeRawBufferPointer, limits: SocketIOLimits) throws(SocketIOViolation) -> Text {
        var decoder = PacketDecoder(bytes, limits)
        return try decoder.decode()
    }

    private mutating func decode() throws(SocketIOViolation) -> Text {
        guard let first = self.bytes.first else { throw .emptyPacket }
        guard let type = PacketType(rawValue: first) else { throw .unknownType }
        self.index = 1
        let isBinary = type == .binaryEvent || type == .binaryAcknowledgment
        let attachmentCount = isBinary ? try self.readAttachmentCount() : 0
        let namespace = try self.readNamespace()
        let id = try self.readNumber(orThrow: .acknowledgmentID)
        let payload = try self.readPayload()
        let content = try PacketDecoder.content(type, payload, id)
        return Text(packet: SocketIOPacket(content, namespace: namespace), attachmentCount: attachmentCount)
    }

    private mutating func readAttachmentCount() throws(SocketIOViolation) -> Int {
        guard let count = try self.readNumber(orThrow: .tooManyAttachments),
            self.index < self.bytes.count, self.bytes[self.index] == UInt8(ascii: "-")
        else { throw .attachmentCount }
        self.index += 1
        guard let count = Int(exactly: count), count <= self.limits.maximumAttachmentCount else {
            throw .tooManyAttachments
        }
        return count
    }

    /// Up to the comma, or to the end: `0/admin` names one as `0/admin,` does.
    private mutating func readNamespace() throws(SocketIOViolation) -> String {
        guard self.index < self.bytes.count, self.bytes[self.index] == UInt8(ascii: "/") else { return "/" }
        let rest = self.bytes[self.index...]
        let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? self.bytes.count
        guard end - self.index <= self.limits.maximumNamespaceByteCount,
            let name = String(validating: self.bytes[self.index..<end], as: UTF8.self)
        else { throw .namespace }
        self.index = min(end + 1, self.bytes.count)
        return name
    }

    /// - Returns: nil if there is no digit.
    /// - Throws: `violation` if it does not fit.
    private mutating func readNumber(orThrow violation: SocketIOViolation) throws(SocketIOViolation) -> UInt64? {
        let start = self.index
        var value: UInt64 = 0
        while self.index < self.bytes.count, case let digit = self.bytes[self.index] &- UInt8(ascii: "0"), digit < 10 {
            // Numbers of JavaScript are exact up to 2^53; nobody counts further.
            guard value < 1 << 53 else { throw violation }
            value = value * 10 + UInt64(digit)
            self.index += 1
        }
        return self.index > start ? value : nil
    }

    private func readPayload() throws(SocketIOViolation) -> SocketIOValue? {
        guard self.index < self.bytes.count else { return nil }
        // One level more: the array that arguments are in.
        var reader = JSONReader(self.bytes, from: self.index, maximumDepth: self.limits.maximumNestingDepth + 1)
        return try reader.readAll()
    }

    private static func content(
        _ type: PacketType, _ payload: SocketIOValue?, _ id: UInt64?
    ) throws(SocketIOViolation) -> SocketIOPacket.Content {
        switch type {
        case .event, .binaryEvent:
            guard case .array(let values) = payload, let name = values.first else { throw .payload }
            return .event(try self.eventName(name), Array(values.dropFirst()), acknowledgmentID: id)
        case .acknowledgment, .binaryAcknowledgment:
            guard case .array(let values) = payload else { throw .payload }
            guard let id else { throw .acknowledgmentID }
            return .acknowledgment(values, id: id)
        case .connect, .disconnect, .connectError:
            guard id == nil else { throw .acknowledgmentID }
        }
        switch (type, payload) {
        case (.connect, nil): return .connect(nil)
        case (.connect, .object): return .connect(payload)
        case (.disconnect, nil): return .disconnect
        case (.connectError, .object(let data)): return .connectError(.object(data))
        case (.connectError, .string(let data)): return .connectError(.string(data))
        default: throw .payload
        }
    }

    /// A number is as good as its digits: so JavaScript looks up who listens.
    private static func eventName(_ value: SocketIOValue) throws(SocketIOViolation) -> String {
        switch value {
        case .string(let name):
            guard !ReservedEvent.names.contains(name) else { throw .reservedEvent }
            return name
        case .integer(let number): return number.description
        case .double(let number): return number.description
        default: throw .payload
        }
    }
}
