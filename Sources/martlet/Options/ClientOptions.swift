internal import ArgumentParser
internal import Foundation
internal import HTTPTypes
internal import NIOCore
internal import NIOSSL
internal import WebSocketClient
internal import WebSocketProtocol

/// What `connect` and `inspect` let a user say about the connection.
struct ClientOptions: ParsableArguments {
    @Option(
        name: [.customShort("H"), .customLong("header")],
        help: ArgumentHelp("Extra header field; may be repeated.", valueName: "name: value"))
    var headers: [String] = []

    @Option(help: ArgumentHelp("Subprotocol to offer; may be repeated, in order of preference.", valueName: "name"))
    var subprotocol: [String] = []

    @Option(help: ArgumentHelp("Value of the Origin header, as a browser would send it.", valueName: "origin"))
    var origin: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Offer permessage-deflate, so that messages are compressed if the server agrees.")
    var compression = true

    @Flag(help: "Do not verify the server's certificate. For servers of your own with a certificate of your own.")
    var insecure = false

    @Option(
        help: ArgumentHelp(
            "Trust the authorities whose certificates are in this PEM file, instead of the system's.",
            valueName: "file"))
    var ca: String?

    @Flag(help: "Use HTTP/1.1 only.")
    var http1 = false

    @Flag(help: "Use HTTP/2 only; without TLS, take it for granted that the server speaks it.")
    var http2 = false

    @Option(
        help: ArgumentHelp(
            "Proxy to connect through: http://, https:// or socks5://, with user:password@ if it asks for that. "
                + "Default: what HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY say.", valueName: "url"))
    var proxy: String?

    @Flag(help: "Use no proxy, whatever the environment says.")
    var noProxy = false

    @Option(
        help: ArgumentHelp(
            "Connect to this address, or the first of several to answer, instead of what the name resolves to; may be repeated.",
            valueName: "host:port:address[,address]"))
    var resolve: [String] = []

    @Option(name: .customLong("max-redirects"), help: ArgumentHelp("Follow so many redirections.", valueName: "count"))
    var maximumRedirectCount = 0

    @Option(help: ArgumentHelp("How long connecting may take.", valueName: "seconds"))
    var timeout: Double = 10

    func validate() throws {
        guard self.timeout > 0, self.timeout < 1e6 else { throw ValidationError("--timeout must be above 0") }
        for header in self.headers { _ = try ClientOptions.field(header) }
        guard !self.http1 || !self.http2 else { throw ValidationError("--http1 and --http2 exclude each other") }
        guard self.proxy == nil || !self.noProxy else {
            throw ValidationError("--proxy and --no-proxy exclude each other")
        }
        guard (0...100).contains(self.maximumRedirectCount) else {
            throw ValidationError("--max-redirects must be from 0 to 100")
        }
        if let proxy = self.proxy, Proxy(proxy) == nil {
            throw ValidationError("--proxy: write http://host:port, https://host:port or socks5://host:port")
        }
        for entry in self.resolve { _ = try ClientOptions.resolution(entry) }
        guard self.ca == nil || !self.insecure else { throw ValidationError("--ca and --insecure exclude each other") }
        _ = try self.authorities()
        if let origin = self.origin {
            guard HTTPField.isValidValue(origin) else { throw ValidationError("--origin has control characters") }
        }
    }

    func configuration() throws -> ClientConfiguration {
        var configuration = ClientConfiguration()
        configuration.connectTimeout = .seconds(self.timeout)
        configuration.subprotocols = self.subprotocol
        if self.compression { configuration.connection.compression = CompressionConfiguration() }
        for header in self.headers { configuration.headerFields.append(try ClientOptions.field(header)) }
        if let origin = self.origin { configuration.headerFields[.origin] = origin }
        if self.http1 { configuration.httpVersions = .http1 }
        if self.http2 { configuration.httpVersions = .http2 }
        configuration.maximumRedirectCount = self.maximumRedirectCount
        if let proxy = self.proxy.flatMap({ Proxy($0) }) {
            configuration.proxy = .all(proxy)
        } else if !self.noProxy {
            do {
                configuration.proxy = try ProxyConfiguration.environment(ProcessInfo.processInfo.environment)
            } catch {
                Output.error("\(error), or use --no-proxy")
                throw ExitCode(2)
            }
        }
        for entry in self.resolve {
            let (place, addresses) = try ClientOptions.resolution(entry)
            configuration.resolve[place] = addresses
        }
        if let authorities = try self.authorities() { configuration.tls.trustRoots = .certificates(authorities) }
        if self.insecure { configuration.tls.certificateVerification = .none }
        return configuration
    }

    /// `host:port:address[,address]`, where addresses of IPv6 may be in brackets or not.
    private static func resolution(_ entry: String) throws -> (place: String, addresses: [String]) {
        let parts = entry.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, let port = Int(parts[1]), (1...65535).contains(port) else {
            throw ValidationError("--resolve \(entry.debugDescription): write host:port:address")
        }
        let addresses = try parts[2].split(separator: ",", omittingEmptySubsequences: false).map { part in
            let address = String(part.hasPrefix("[") && part.hasSuffix("]") ? part.dropFirst().dropLast() : part)
            guard (try? SocketAddress(ipAddress: address, port: 0)) != nil else {
                throw ValidationError(
                    "--resolve \(entry.debugDescription): \(address.debugDescription) is no IP address")
            }
            return address
        }
        return ("\(parts[0].lowercased()):\(port)", addresses)
    }

    private func authorities() throws -> [NIOSSLCertificate]? {
        guard let ca = self.ca else { return nil }
        guard let found = try? NIOSSLCertificate.fromPEMFile(ca), !found.isEmpty else {
            throw ValidationError("--ca \(ca.debugDescription): no certificates in PEM can be read there")
        }
        return found
    }

    private static func field(_ header: String) throws -> HTTPField {
        let parts = header.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let name = HTTPField.Name(String(parts[0])) else {
            throw ValidationError("-H \(header.debugDescription): write \"Name: value\"")
        }
        let value = String(parts[1].trimmingOptionalWhitespace())
        guard HTTPField.isValidValue(value) else {
            throw ValidationError("-H \(name): the value has control characters")
        }
        return HTTPField(name: name, value: value)
    }
}
