internal import NIOConcurrencyHelpers
internal import NIOSSL

/// What new connections use for TLS; it may change while the server runs.
final class TLSContextStore: Sendable {
    private let context = NIOLockedValueBox<NIOSSLContext?>(nil)

    /// Nil without TLS.
    var current: NIOSSLContext? { self.context.withLockedValue { $0 } }

    /// Unless there already is one, which is newer.
    func setFirst(_ configuration: TLSConfiguration) throws {
        let made = try TLSContextStore.make(configuration)
        self.context.withLockedValue { if $0 == nil { $0 = made } }
    }

    func replace(_ configuration: TLSConfiguration) throws {
        let made = try TLSContextStore.make(configuration)
        self.context.withLockedValue { $0 = made }
    }

    private static func make(_ configuration: TLSConfiguration) throws -> NIOSSLContext {
        var configuration = configuration
        if configuration.applicationProtocols.isEmpty { configuration.applicationProtocols = ["h2", "http/1.1"] }
        return try NIOSSLContext(configuration: configuration)
    }
}
