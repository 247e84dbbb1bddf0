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

    init(configuration: ServerConfiguration, routes: Routes, logger: Logger) {
        self.configuration = configuration
        self.routes = routes
        self.logger = logger
        self.quota = ConnectionQuota(
            maximumTotal: configuration.maximumConnectionCount,
            maximumPerAddress: configuration.maximumConnectionCountPerAddress
        )
        self.settings = ConnectionSettings(role: .server, configuration: configuration.connection, logger: logger)
    }

    var isSecure: Bool { self.configuration.tls != nil }

    func settings(for route: Routes.WebSocketRoute) -> ConnectionSettings {
        guard let configuration = route.configuration else { return self.settings }
        return ConnectionSettings(role: .server, configuration: configuration, logger: self.logger)
    }
}
