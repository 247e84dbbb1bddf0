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
    private let exchangeRoutes: [(route: Routes.ExchangeRoute, settings: ConnectionSettings)]

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
        self.exchangeRoutes = routes.exchanges.map { route in
            let own = route.configuration.connection.map {
                ConnectionSettings(role: .server, configuration: $0, logger: logger)
            }
            return (route, own ?? settings)
        }
    }

    var isSecure: Bool { self.configuration.tls != nil }

    /// The route of exchanges that the path lies below.
    func exchangeRoute(_ path: String) -> (route: Routes.ExchangeRoute, settings: ConnectionSettings)? {
        self.exchangeRoutes.first { path.utf8.starts(with: $0.route.prefix.utf8) }
    }

    func settings(for route: Routes.WebSocketRoute) -> ConnectionSettings {
        guard let configuration = route.configuration else { return self.settings }
        return ConnectionSettings(role: .server, configuration: configuration, logger: self.logger)
    }
}
