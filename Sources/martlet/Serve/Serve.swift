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
        abstract: "Serve a page to try WebSocket in a browser, /echo, /chat, /engine.io/ and /healthz."
    )

    @Option(help: "Address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "Port to listen on; 0 takes a free one.")
    var port = 8080

    @Option(help: ArgumentHelp("Certificate chain in PEM; with --tls-key, serve wss: and https:.", valueName: "file"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("Private key in PEM.", valueName: "file"))
    var tlsKey: String?

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
        guard (self.tlsCertificate == nil) == (self.tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key go together")
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
        var server = WebSocketServer(
            configuration: try self.serverConfiguration(), eventLoopGroup: group, logger: logger)
        DemoRoutes.add(to: &server)
        server.onListening { self.announce($0) }
        let services = ServiceGroup(
            services: [server],
            gracefulShutdownSignals: [.sigint, .sigterm],
            logger: Logger(label: "martlet.services") { _ in SwiftLogNoOpLogHandler() }
        )
        do {
            try await services.run()
        } catch {
            throw CommandFailure("can't listen on \(self.host):\(self.port): \(error)")
        }
    }

    private func serverConfiguration() throws -> ServerConfiguration {
        var configuration = ServerConfiguration(host: self.host, port: self.port)
        configuration.connection.limits.maximumMessageByteCount = self.maxMessageSize
        configuration.connection.limits.maximumFrameByteCount = self.maxMessageSize
        if self.compression { configuration.connection.compression = CompressionConfiguration() }
        if !self.allowOrigin.isEmpty {
            configuration.originPolicy = .allow(Set(self.allowOrigin.compactMap(Origin.init)))
        }
        if let certificate = self.tlsCertificate, let key = self.tlsKey {
            do {
                configuration.tls = TLSConfiguration.makeServerConfiguration(
                    certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
                    privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
                )
                configuration.tls?.applicationProtocols = ["http/1.1"]
            } catch {
                throw CommandFailure("can't read certificate \(certificate) and key \(key): \(error)")
            }
        }
        return configuration
    }

    private func announce(_ address: SocketAddress) {
        let isSecure = self.tlsCertificate != nil
        let host = self.host.contains(":") ? "[\(self.host)]" : self.host
        let authority = "\(host):\(address.port ?? self.port)"
        let http = isSecure ? "https" : "http"
        let ws = isSecure ? "wss" : "ws"
        Output.line("Martlet is listening on \(http)://\(authority)/")
        Output.line("  try it   \(http)://\(authority)/")
        Output.line("  echo     \(ws)://\(authority)/echo")
        Output.line("  chat     \(ws)://\(authority)/chat")
        Output.line("  engine   \(http)://\(authority)/engine.io/")
        Output.line("  health   \(http)://\(authority)/healthz")
    }
}
