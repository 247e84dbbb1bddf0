internal import WebSocketProtocol

/// The first packet of a session: what the client must know of it (Engine.IO protocol v4, "Handshake").
package struct OpenPacket: Sendable, Hashable {
    package let sessionID: String
    /// The transports that the session may move to.
    package let upgrades: [EngineIOTransport]
    package let pingInterval: Duration
    package let pingTimeout: Duration
    package let maximumPayloadByteCount: Int

    package init(
        sessionID: String,
        upgrades: [EngineIOTransport],
        pingInterval: Duration,
        pingTimeout: Duration,
        maximumPayloadByteCount: Int
    ) {
        self.sessionID = sessionID
        self.upgrades = upgrades
        self.pingInterval = pingInterval
        self.pingTimeout = pingTimeout
        self.maximumPayloadByteCount = maximumPayloadByteCount
    }

    /// The packet as text, type and all.
    package var encoded: String {
        // Nothing here needs an escape: ids are base64url, transports are ours.
        let upgrades = self.upgrades.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
        return "0{\"sid\":\"\(self.sessionID)\",\"upgrades\":[\(upgrades)],"
            + "\"pingInterval\":\(self.pingInterval.wholeMilliseconds),"
            + "\"pingTimeout\":\(self.pingTimeout.wholeMilliseconds),"
            + "\"maxPayload\":\(self.maximumPayloadByteCount)}"
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 { self.clampedNanoseconds / 1_000_000 }
}
