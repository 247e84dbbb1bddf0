internal import SocketIOProtocol

extension SocketIONamespace {
    /// - Throws: `SocketIOEmitError` if clients could make nothing of it.
    func event(
        _ name: String, _ arguments: [SocketIOValue], acknowledgmentID: UInt64? = nil
    ) throws(SocketIOEmitError) -> SocketIOPacket {
        try .event(
            name, arguments, acknowledgmentID: acknowledgmentID, namespace: self.name,
            limits: self.server.configuration.limits)
    }
}
