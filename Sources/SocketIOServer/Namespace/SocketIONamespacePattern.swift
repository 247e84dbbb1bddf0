/// Namespaces that clients make up, with handlers that they share.
public final class SocketIONamespacePattern: SocketIOHandling {
    let server: SocketIOServer
    let matches: @Sendable (String) -> Bool
    let handlers = NamespaceHandlers()

    init(server: SocketIOServer, matches: @escaping @Sendable (String) -> Bool) {
        self.server = server
        self.matches = matches
    }

    public var handlerRegistry: SocketIOHandlerRegistry { SocketIOHandlerRegistry(handlers: self.handlers) }

    /// Those that exist, because somebody is in them.
    public var namespaces: [SocketIONamespace] { self.server.namespaces(of: self) }
}
