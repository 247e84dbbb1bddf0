internal import ArgumentParser
internal import HTTPTypes
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

    @Option(help: ArgumentHelp("How long connecting may take.", valueName: "seconds"))
    var timeout: Double = 10

    func validate() throws {
        guard self.timeout > 0, self.timeout < 1e6 else { throw ValidationError("--timeout must be above 0") }
        for header in self.headers { _ = try ClientOptions.field(header) }
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
        if self.insecure { configuration.tls.certificateVerification = .none }
        return configuration
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
