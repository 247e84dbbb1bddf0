public import HTTPTypes
package import NIOCore
public import NIOSSL
public import WebSocketNIO

/// How a client connects and what it allows. Every default is on and bounded.
public struct ClientConfiguration: Sendable {
    /// What connections are allowed.
    public var connection = ConnectionConfiguration()
    /// For the whole way: name, TCP, TLS and handshake. Default 10 s.
    public var connectTimeout: Duration = .seconds(10)
    /// Subprotocols to offer, in order of preference.
    public var subprotocols: [String] = []
    /// Fail if the server chooses none of the offered subprotocols, as browsers do. Default false.
    public var requiresSubprotocol = false
    /// Extra fields of the request: `Origin`, `Cookie`, `Authorization` and the like.
    public var headerFields: HTTPFields = [:]
    /// For `wss:`. By default certificates and host names are verified against the system's roots.
    public var tls = TLSConfiguration.makeClientConfiguration()
    /// Status line and header fields of the response, in bytes. Default 16 KiB.
    public var maximumHeadByteCount = 16 * 1024
    /// Default 100.
    public var maximumHeaderFieldCount = 100
    /// How much of a refusal's body is kept, in bytes. Default 64 KiB; the rest is cut off.
    public var maximumRefusalBodyByteCount = 64 * 1024
    /// At most one connection to a host and port is being opened at a time, as RFC 6455 §4.1 demands of clients; further
    /// ones wait for their turn. Default true. Turn it off for load tests.
    public var opensOneAtATime = true
    /// Looks at, or listens in on, the plain bytes of a connection: called with a pipeline to which handlers may be added.
    package var tap: (@Sendable (ChannelPipeline.SynchronousOperations) throws -> Void)?

    public init() {}
}
