internal import Logging
internal import ServiceLifecycle
internal import UnixSignals
internal import WebSocketServer

/// Reads the certificate again at SIGHUP, which is what tools that renew certificates send. Open connections go on.
struct CertificateReload: Service {
    let server: WebSocketServer
    let tls: TLSOptions
    let hosts: [String]

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            do {
                guard let made = try self.tls.configuration(hosts: self.hosts) else { continue }
                try self.server.replaceTLS(made.tls)
                self.server.logger.notice("the certificate was read again")
            } catch {
                self.server.logger.error("the certificate stays as it is", metadata: ["error": "\(error)"])
            }
        }
    }
}
