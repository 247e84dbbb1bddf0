internal import Logging
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
            maximumPerAddress: configuration.maximumConnectionCountPerAddress
        )
        let settings = ConnectionSettings(role: .server, configuration: configuration.connection, logger: logger)
        self.settings = settings
        self.exchangeSettings = routes.exchanges.reduce(into: [:]) { table, route in
            guard let own = route.configuration.connection else { return }
            table[ObjectIdentifier(route)] = ConnectionSettings(role: .server, configuration: own, logger: logger)
        }
    }

    var isSecure: Bool { self.configuration.tls != nil }

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
