internal import ArgumentParser
internal import NIOSSL

/// What a user says about the TLS of `serve`.
struct TLSOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Certificate chain in PEM; with --tls-key, serve wss: and https:. Read again at SIGHUP.", valueName: "file")
    )
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("Private key in PEM.", valueName: "file"))
    var tlsKey: String?

    @Flag(
        help: "Serve wss: and https: with a certificate made on the spot, for a first try. Its fingerprint is printed.")
    var tlsSelfSigned = false

    @Option(
        help: ArgumentHelp(
            "Authorities in PEM; clients must show a certificate of theirs (mutual TLS).", valueName: "file"))
    var tlsClientAuthority: String?

    var isSecure: Bool { self.tlsSelfSigned || self.tlsCertificate != nil }
    /// There are files that may change.
    var isReloadable: Bool { self.tlsCertificate != nil }

    func validate() throws {
        guard (self.tlsCertificate == nil) == (self.tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key go together")
        }
        guard !self.tlsSelfSigned || self.tlsCertificate == nil else {
            throw ValidationError("--tls-self-signed makes a certificate: it does not go with --tls-certificate")
        }
        guard self.tlsClientAuthority == nil || self.isSecure else {
            throw ValidationError("--tls-client-authority needs --tls-certificate or --tls-self-signed")
        }
    }

    /// - Returns: nil without TLS; with a certificate made on the spot, its fingerprint.
    /// - Throws: ``CommandFailure`` that names the file which can't be read.
    func configuration(hosts: [String]) throws -> (tls: TLSConfiguration, fingerprint: String?)? {
        var tls: TLSConfiguration
        var fingerprint: String?
        if self.tlsSelfSigned {
            let made = try SelfSignedCertificate(hosts: hosts)
            tls = .makeServerConfiguration(certificateChain: made.chain, privateKey: made.key)
            fingerprint = made.fingerprint
        } else if let certificate = self.tlsCertificate, let key = self.tlsKey {
            let chain = try TLSOptions.read("certificate", certificate) { try NIOSSLCertificate.fromPEMFile($0) }
            let privateKey = try TLSOptions.read("key", key) { try NIOSSLPrivateKey(file: $0, format: .pem) }
            tls = .makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        } else {
            return nil
        }
        if let authority = self.tlsClientAuthority {
            let roots = try TLSOptions.read("authority", authority) { try NIOSSLCertificate.fromPEMFile($0) }
            tls.trustRoots = .certificates(roots)
            // Names are for servers; a client is known by its certificate.
            tls.certificateVerification = .noHostnameVerification
        }
        return (tls, fingerprint)
    }

    private static func read<Value>(_ what: String, _ file: String, _ body: (String) throws -> Value) throws -> Value {
        do {
            return try body(file)
        } catch {
            throw CommandFailure("can't read the \(what) \(file): is it there, readable and PEM? (\(error))")
        }
    }
}
