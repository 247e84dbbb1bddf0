package import Logging
public import WebSocketProtocol

/// What a connection is allowed and how it keeps alive. The defaults are complete: every queue has a bound and every
/// wait a deadline.
public struct ConnectionConfiguration: Sendable {
    /// What the peer may send.
    public var limits = ReceiveLimits()
    /// Pings, their deadline, and the idle deadline.
    public var keepAlive = KeepAlive.Configuration()
    /// How long a message may take from its first byte to its last, with whole delivery. Default 120 s: a megabyte at 9 KB/s.
    /// Without it a peer that sends a byte now and then would hold a half message for ever. After it: close 1008. Time
    /// during which *we* do not read does not end a message. Nil for no limit.
    public var messageTimeout: Duration? = .seconds(120)
    /// How long the connection may live before it is closed with 1001, so that long-lived ones move to new servers and
    /// certificates. Each ends at a point of its own in the last tenth of that time, so that those which began together do not
    /// come back together. Default nil: for ever.
    public var maximumAge: Duration?
    /// How long the peer may take to answer a Close and then to close the transport. Default 5 s; then it is dropped.
    public var closeTimeout: Duration = .seconds(5)
    /// permessage-deflate (RFC 7692), if the peer speaks it. Default nil, which declines it: it costs ten times the CPU
    /// time of a small message, and is no good for secrets; see `CompressionConfiguration`.
    public var compression: CompressionConfiguration?
    /// Whole messages, or pieces as they arrive.
    public var delivery = MessageDelivery.whole
    /// Reading from the socket pauses while this much waits for the application. Default 256 KiB, half of it resumes.
    /// One message longer than that still gets through: the mark is looked at between reads.
    public var receiveHighMark = ByteMark(byteCount: 256 * 1024, messageCount: 1024)
    /// `send` suspends while more than this waits to be written to the socket, in bytes. Default 64 KiB.
    public var sendHighMark = 64 * 1024
    /// What does not suspend (callbacks, broadcasts) may pile up this much, in bytes, before the ``SlowReaderPolicy``
    /// applies. Default 1 MiB.
    public var sendLimit = 1024 * 1024
    /// The same for all connections of one event loop together, in bytes. Over it each of them has ``sendHighMark`` for its
    /// limit: ten thousand peers that do not read can't take a megabyte each. Default 64 MiB.
    public var sharedSendLimit = 64 * 1024 * 1024

    public init() {}

    public struct ByteMark: Sendable, Hashable {
        public var byteCount: Int
        public var messageCount: Int

        public init(byteCount: Int, messageCount: Int) {
            self.byteCount = byteCount
            self.messageCount = messageCount
        }
    }
}

/// How received messages reach the application.
public enum MessageDelivery: Sendable, Hashable {
    /// Gathered, up to the message limit. The default.
    case whole
    /// Piece by piece as bytes arrive; the message limit is not applied, the frame limit is.
    case streamed
}

/// What happens to a message that would pile up behind a peer which does not read.
public enum SlowReaderPolicy: Sendable, Hashable {
    /// The message is not sent; earlier ones are.
    case dropNewest
    /// The message takes the place of the one that waits for room, so that a slow peer sees the latest state.
    case keepLatest
    /// The connection is closed with 1013 (try again later). The default.
    case close
}

/// What all connections of one server or client share.
package final class ConnectionSettings: Sendable {
    package let role: Role
    package let configuration: ConnectionConfiguration
    package let logger: Logger

    package init(role: Role, configuration: ConnectionConfiguration, logger: Logger) {
        self.role = role
        self.configuration = configuration
        self.logger = logger
    }
}
