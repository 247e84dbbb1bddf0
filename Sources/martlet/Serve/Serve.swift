internal import ArgumentParser
internal import Foundation
internal import HTTPTypes
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import ServiceLifecycle
internal import UnixSignals
internal import WebSocketNIO
internal import WebSocketProtocol
internal import WebSocketServer

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Serve a page to try WebSocket in a browser, /echo, /chat, /socket.io/, /engine.io/, /healthz and /whoami."
    )

    @Option(help: "Name or address to listen on; may be repeated. (default: 127.0.0.1)")
    var host: [String] = []

    @Option(help: "Port to listen on; 0 takes a free one. (default: 8080)")
    var port: Int?

    @Option(
        help: ArgumentHelp(
            "Listen on this Unix socket, without TLS; and on a port as well if --host or --port is given.",
            valueName: "path"))
    var unixSocket: String?

    @Option(
        help: ArgumentHelp(
            "Address or network (10.0.0.0/8) of a proxy that is believed when it says whose requests it passes on, in "
                + "X-Forwarded-For; may be repeated.", valueName: "network"))
    var trustProxy: [String] = []

    @Flag(help: "Trusted proxies say it in Forwarded (RFC 7239) instead.")
    var forwarded = false

    @Flag(help: "Trusted proxies begin connections with the PROXY protocol, version 1 or 2.")
    var proxyProtocol = false

    @OptionGroup(title: "TLS") var tls: TLSOptions

    @Option(
        help: ArgumentHelp(
            "Origin of pages that may connect, instead of our own; may be repeated.", valueName: "origin"))
    var allowOrigin: [String] = []

    @Option(help: ArgumentHelp("Longest message accepted, in bytes.", valueName: "bytes"))
    var maxMessageSize = ReceiveLimits().maximumMessageByteCount

    @Flag(inversion: .prefixedNo, help: "Compress messages for clients that offer permessage-deflate.")
    var compression = true

    @Option(help: ArgumentHelp("Event loops to run; default one per core.", valueName: "count"))
    var loops: Int?

    func validate() throws {
        guard (0...65535).contains(self.port ?? 0) else { throw ValidationError("--port must be from 0 to 65535") }
        for network in self.trustProxy where !TrustedProxies.isValid(network) {
            throw ValidationError("--trust-proxy \(network): write an address or a network like 10.0.0.0/8")
        }
        for (isGiven, name) in [(self.forwarded, "--forwarded"), (self.proxyProtocol, "--proxy-protocol")] {
            guard !isGiven || !self.trustProxy.isEmpty else {
                throw ValidationError("\(name) needs --trust-proxy: nobody else is believed")
            }
        }
        guard self.maxMessageSize > 0 else { throw ValidationError("--max-message-size must be at least 1") }
        guard self.loops.map({ (1...1024).contains($0) }) ?? true else {
            throw ValidationError("--loops must be from 1 to 1024")
        }
        for origin in self.allowOrigin where Origin(origin) == nil {
            throw ValidationError("--allow-origin \(origin): write scheme://host or scheme://host:port")
        }
    }

    func run() async throws {
        var logger = Logger(label: "martlet")
        logger.logLevel = .notice
        let group =
            self.loops.map { MultiThreadedEventLoopGroup(numberOfThreads: $0) } ?? MultiThreadedEventLoopGroup.singleton
        let made = try self.tls.configuration(hosts: self.hosts)
        let configuration = self.serverConfiguration(made?.tls)
        var server = WebSocketServer(configuration: configuration, eventLoopGroup: group, logger: logger)
        DemoRoutes.add(to: &server, origins: self.origins)
        server.onListening { self.announce($0, fingerprint: made?.fingerprint) }
        var running: [any Service] = [server]
        if self.tls.isReloadable { running.append(CertificateReload(server: server, tls: self.tls, hosts: self.hosts)) }
        let services = ServiceGroup(
            services: running,
            gracefulShutdownSignals: [.sigint, .sigterm],
            logger: Logger(label: "martlet.services") { _ in SwiftLogNoOpLogHandler() }
        )
        do {
            try await services.run()
        } catch {
            let places = configuration.addresses.map(\.description).joined(separator: ", ")
            throw CommandFailure("can't listen on \(places): \(error)")
        }
    }

    private var origins: Set<Origin> { Set(self.allowOrigin.compactMap(Origin.init)) }

    /// Where a port is listened on: nowhere if a Unix socket is all that was asked for.
    private var hosts: [String] {
        if self.unixSocket != nil && self.host.isEmpty && self.port == nil { return [] }
        return self.host.isEmpty ? ["127.0.0.1"] : self.host
    }

    private func serverConfiguration(_ tls: TLSConfiguration?) -> ServerConfiguration {
        var configuration = ServerConfiguration(host: nil)
        configuration.furtherAddresses = self.hosts.map { .tcp(host: $0, port: self.port ?? 8080) }
        configuration.connection.limits.maximumMessageByteCount = self.maxMessageSize
        configuration.connection.limits.maximumFrameByteCount = self.maxMessageSize
        if self.compression { configuration.connection.compression = CompressionConfiguration() }
        if !self.allowOrigin.isEmpty {
            configuration.originPolicy = .allow(self.origins)
        }
        configuration.tls = tls
        if let path = self.unixSocket { configuration.furtherAddresses.append(.unixSocket(path: path)) }
        configuration.trustedProxies = TrustedProxies(self.trustProxy)
        if self.forwarded { configuration.trustedProxies.requestField = .forwarded }
        configuration.trustedProxies.sendProxyProtocol = self.proxyProtocol
        return configuration
    }

    private func announce(_ address: SocketAddress, fingerprint: String?) {
        guard let ip = address.ipAddress, let port = address.port else {
            return Output.line("Martlet is listening on unix:\(address.pathname ?? "")")
        }
        let isSecure = self.tls.isSecure
        // The name that was asked for, if there is no doubt which.
        let name = self.hosts.count == 1 ? self.hosts[0] : ip
        let authority = "\(name.contains(":") ? "[\(name)]" : name):\(port)"
        let http = isSecure ? "https" : "http"
        let ws = isSecure ? "wss" : "ws"
        Output.line("Martlet is listening on \(http)://\(authority)/")
        Output.line("  try it   \(http)://\(authority)/")
        Output.line("  echo     \(ws)://\(authority)/echo")
        Output.line("  chat     \(ws)://\(authority)/chat")
        Output.line("  socket   \(http)://\(authority)/socket.io/")
        Output.line("  engine   \(http)://\(authority)/engine.io/")
        Output.line("  health   \(http)://\(authority)/healthz")
        if let fingerprint { Output.line("  SHA-256  \(fingerprint)") }
    }
}
