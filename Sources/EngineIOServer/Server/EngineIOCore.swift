internal import EngineIOProtocol
internal import Logging
internal import NIOCore
internal import WebSocketServer

/// What all sessions of one mounted server share.
final class EngineIOCore: Sendable {
    let configuration: EngineIOConfiguration
    let timing: SessionTiming
    let authorize: (@Sendable (ServerRequest) async throws -> EngineIOAdmission)?
    let onSession: @Sendable (EngineIOSession) -> Void
    let logger: Logger
    private let quota: ConnectionQuota

    init(_ server: EngineIOServer, logger: Logger) {
        self.configuration = server.configuration
        self.timing = SessionTiming(
            pingInterval: server.configuration.pingInterval,
            pingTimeout: server.configuration.pingTimeout,
            upgradeTimeout: server.configuration.upgradeTimeout
        )
        self.authorize = server.authorize
        self.onSession = server.onSession
        self.logger = logger
        self.quota = ConnectionQuota(
            maximumTotal: server.configuration.maximumSessions,
            maximumPerAddress: server.configuration.maximumSessionsPerAddress
        )
    }

    /// What a session may move to after its handshake.
    func upgrades(from transport: EngineIOTransport) -> [EngineIOTransport] {
        transport == .polling && self.allowsUpgrades ? [.webSocket] : []
    }

    var allowsUpgrades: Bool {
        self.configuration.allowsUpgrades && self.configuration.transports.contains(.webSocket)
    }

    /// - Returns: nil if there are as many sessions as there may be.
    func permit(for address: SocketAddress?) -> SessionPermit? {
        let key = ConnectionQuota.key(of: address)
        return self.quota.admit(key) ? SessionPermit(quota: self.quota, key: key) : nil
    }
}

/// The right to be a session, given back when nobody holds it any more.
final class SessionPermit: Sendable {
    private let quota: ConnectionQuota
    private let key: String?

    fileprivate init(quota: ConnectionQuota, key: String?) {
        self.quota = quota
        self.key = key
    }

    deinit {
        self.quota.release(self.key)
    }
}
