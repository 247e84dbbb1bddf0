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
        abstract: "Serve a page to try WebSocket in a browser, /echo, /chat, /socket.io/, /engine.io/ and /healthz."
    )

    @Option(help: "Address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "Port to listen on; 0 takes a free one.")
    var port = 8080

    @Option(help: ArgumentHelp("Listen on this Unix socket as well, without TLS.", valueName: "path"))
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
        guard (0...65535).contains(self.port) else { throw ValidationError("--port must be from 0 to 65535") }
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
        let made = try self.tls.configuration(host: self.host)
        var server = WebSocketServer(
            configuration: try self.serverConfiguration(made?.tls), eventLoopGroup: group, logger: logger)
        DemoRoutes.add(to: &server, origins: self.origins)
        server.onListening { self.announce($0, fingerprint: made?.fingerprint) }
        var running: [any Service] = [server]
        if self.tls.isReloadable { running.append(CertificateReload(server: server, tls: self.tls, host: self.host)) }
        let services = ServiceGroup(
            services: running,
            gracefulShutdownSignals: [.sigint, .sigterm],
            logger: Logger(label: "martlet.services") { _ in SwiftLogNoOpLogHandler() }
        )
        do {
            try await services.run()
        } catch {
            throw CommandFailure("can't listen on \(self.host):\(self.port): \(error)")
        }
    }

    private var origins: Set<Origin> { Set(self.allowOrigin.compactMap(Origin.init)) }

    private func serverConfiguration(_ tls: TLSConfiguration?) throws -> ServerConfiguration {
        var configuration = ServerConfiguration(host: self.host, port: self.port)
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
        let isSecure = self.tls.isSecure
        let host = self.host.contains(":") ? "[\(self.host)]" : self.host
        let authority = "\(host):\(address.port ?? self.port)"
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
