internal import Logging
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol

/// What all connections of a running server share.
final class ServerCore: Sendable {
    let configuration: ServerConfiguration
    let routes: Routes
    let logger: Logger
    let quota: ConnectionQuota
    private let settings: ConnectionSettings
    /// Those of routes of exchanges with a configuration of their own.
    private let exchangeSettings: [ObjectIdentifier: ConnectionSettings]

    init(configuration: ServerConfiguration, routes: Routes, logger: Logger) {
        self.configuration = configuration
        self.routes = routes
        self.logger = logger
        self.quota = ConnectionQuota(
            maximumTotal: configuration.maximumConnectionCount,
            maximumPerAddress: configuration.maximumConnectionCountPerAddress,
            maximumPerSecond: configuration.maximumConnectionCountPerSecond
        )
        let settings = ConnectionSettings(role: .server, configuration: configuration.connection, logger: logger)
        self.settings = settings
        self.exchangeSettings = routes.exchanges.reduce(into: [:]) { table, route in
            guard let own = route.configuration.connection else { return }
            table[ObjectIdentifier(route)] = ConnectionSettings(role: .server, configuration: own, logger: logger)
        }
    }

    /// What is counted against an address. Not those of trusted proxies: all their clients would share one limit.
    func quotaKey(_ address: SocketAddress?) -> String? {
        self.configuration.trustedProxies.contains(address) ? nil : ConnectionQuota.key(of: address)
    }

    /// Counts a connection until its channel is closed.
    /// - Parameter places: what it takes of the total.
    /// - Returns: false if there is no room for it.
    func admit(_ address: SocketAddress?, places: Int, on channel: any Channel) -> Bool {
        let key = self.quotaKey(address)
        guard self.quota.admit(key, places: places) else {
            self.logger.debug("too many connections", metadata: ["address": "\(key ?? "local")"])
            return false
        }
        channel.closeFuture.whenComplete { _ in self.quota.release(key, places: places) }
        return true
    }

    /// The route of exchanges that the path lies below.
    func exchangeRoute(_ path: String) -> Routes.ExchangeRoute? {
        self.routes.exchanges.first { path.utf8.starts(with: $0.prefix.utf8) }
    }

    func settings(for route: Routes.ExchangeRoute) -> ConnectionSettings {
        self.exchangeSettings[ObjectIdentifier(route)] ?? self.settings
    }

    func settings(for route: Routes.WebSocketRoute) -> ConnectionSettings {
        guard let configuration = route.configuration else { return self.settings }
        return ConnectionSettings(role: .server, configuration: configuration, logger: self.logger)
    }
}
