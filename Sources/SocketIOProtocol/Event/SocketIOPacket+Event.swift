internal import OrderedCollections

extension SocketIOPacket {
    /// - Throws: ``SocketIOEmitError``.
    package static func event(
        _ name: String, _ arguments: [SocketIOValue], acknowledgmentID: UInt64? = nil, namespace: String,
        limits: SocketIOLimits
    ) throws(SocketIOEmitError) -> SocketIOPacket {
        guard !ReservedEvent.names.contains(name) else { throw .reservedName(name) }
        try self.checkAttachments(of: arguments, limits)
        return SocketIOPacket(.event(name, arguments, acknowledgmentID: acknowledgmentID), namespace: namespace)
    }

    /// - Throws: ``SocketIOEmitError/tooManyAttachments(count:limit:)``.
    package static func acknowledgment(
        _ arguments: [SocketIOValue], id: UInt64, namespace: String, limits: SocketIOLimits
    ) throws(SocketIOEmitError) -> SocketIOPacket {
        try self.checkAttachments(of: arguments, limits)
        return SocketIOPacket(.acknowledgment(arguments, id: id), namespace: namespace)
    }

    private static func checkAttachments(
        of arguments: [SocketIOValue], _ limits: SocketIOLimits
    ) throws(SocketIOEmitError) {
        let limit = limits.maximumAttachmentCount
        let count = arguments.reduce(0) { $0 + $1.binaryCount }
        guard count <= limit else { throw .tooManyAttachments(count: count, limit: limit) }
    }
}

extension [SocketIOValue] {
    /// - Throws: what the values throw.
    package init<each Value: Encodable>(encoding values: repeat each Value) throws {
        self = []
        repeat self.append(try SocketIOValue(encoding: each values))
    }
}

extension SocketIOValue {
    fileprivate var binaryCount: Int {
        switch self {
        case .binary: 1
        case .array(let values): values.reduce(0) { $0 + $1.binaryCount }
        case .object(let members): members.values.reduce(0) { $0 + $1.binaryCount }
        case .null, .bool, .integer, .double, .string: 0
        }
    }
}
