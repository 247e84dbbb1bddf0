internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import WebSocketNIO

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// From the addresses to listen on to the pipeline of a new connection.
extension WebSocketServer {
    /// Makes NIO close a connection that was accepted but has no place.
    private struct TurnedAway: Error {}

    /// Listens on all addresses or on none.
    func listen(_ core: ServerCore, _ loops: [ServerLoop]) async throws -> [any Channel] {
        let loopsByID = Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0.context.eventLoop), $0) })
        let tls = self.tls
        let bootstrap = ServerBootstrap(group: self.eventLoopGroup)
            .serverChannelOption(.backlog, value: CInt(clamping: self.configuration.backlog))
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let loop = loopsByID[ObjectIdentifier(channel.eventLoop)] else { return }
                    try WebSocketServer.open(channel, core, loop, tls)
                }
            }
        var listeners: [any Channel] = []
        do {
            for address in self.configuration.addresses {
                switch address.place {
                case .tcp(let host, let port):
                    listeners.append(
                        try await bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                            .bind(host: host, port: port).get())
                case .unixSocket(let path):
                    try await self.checkIsUnused(path)
                    listeners.append(
                        try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get())
                }
            }
        } catch {
            for listener in listeners { try? await listener.close() }
            throw error
        }
        return listeners
    }

    /// The socket of a server that runs is not taken from it: only one that nobody listens on any more is replaced.
    private func checkIsUnused(_ path: String) async throws {
        do {
            let other = try await ClientBootstrap(group: self.eventLoopGroup).connect(unixDomainSocketPath: path).get()
            try? await other.close()
        } catch let error as IOError where [ENOENT, ECONNREFUSED].contains(error.errnoCode) {
            return
        }
        throw IOError(errnoCode: EADDRINUSE, reason: "a server listens on \(path)")
    }

    private static func open(_ channel: any Channel, _ core: ServerCore, _ loop: ServerLoop, _ tls: TLSContextStore)
        throws
    {
        guard !loop.isDraining, core.admit(channel.remoteAddress, places: 1, on: channel) else { throw TurnedAway() }
        let pipeline = channel.pipeline.syncOperations
        let isUnixSocket = if case .unixDomainSocket? = channel.localAddress { true } else { false }
        let tls = isUnixSocket ? nil : tls.current
        let proxies = core.configuration.trustedProxies
        let hasHeader = proxies.sendProxyProtocol && proxies.contains(channel.remoteAddress)
        let proxyHeader = hasHeader ? ProxyHeaderHandler(shared: core) : nil
        // It comes before TLS.
        if let proxyHeader { try pipeline.addHandler(proxyHeader) }
        if let tls {
            try pipeline.addHandler(NIOSSLServerHandler(context: tls))
        } else {
            try channel.syncOptions?.setOption(.recvAllocator, value: HandshakeReceiveAllocator())
        }
        try pipeline.addHandler(
            ProtocolChooser(shared: core, loop: loop, isSecure: tls != nil, proxyHeader: proxyHeader))
    }
}
