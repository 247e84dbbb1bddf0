/// Refuses a socket: what `connect_error` says to the client.
public struct SocketIOConnectError: Error, Sendable, Hashable {
    public var message: String
    /// What a program can make something of; nil for nothing.
    public var data: SocketIOValue?

    public init(_ message: String, data: SocketIOValue? = nil) {
        self.message = message
        self.data = data
    }
}

/// An event or an acknowledgment can't be sent as it is. Nothing was sent.
public enum SocketIOEmitError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Clients give the name a meaning of its own.
    case reservedName(String)
    /// Clients accept ten by default.
    case tooManyAttachments(count: Int, limit: Int)

    public var description: String {
        switch self {
        case .reservedName(let name): "no event can have the name \(name.debugDescription): choose another"
        case .tooManyAttachments(let count, let limit):
            "an event or acknowledgment has \(limit) binary values at most, not \(count): put them together, or raise `limits`"
        }
    }
}

/// Why an event was not acknowledged.
public enum SocketIOAcknowledgmentError: Error, Sendable, Hashable, CustomStringConvertible {
    /// No answer came in time. The client may have handled the event nevertheless.
    case timedOut
    /// The socket is disconnected. The client may have handled the event nevertheless.
    case disconnected

    public var description: String {
        switch self {
        case .timedOut: "the event was not acknowledged in time"
        case .disconnected: "the socket was disconnected before it acknowledged the event"
        }
    }
}

/// An argument of an event is not what its handler takes: the client's mistake, or the application's.
public struct SocketIOArgumentError: Error, CustomStringConvertible {
    public let event: String
    /// Counted from 0.
    public let index: Int
    /// Mostly a `DecodingError`.
    public let reason: any Error

    public var description: String {
        "argument \(self.index) of \(self.event.debugDescription): \(self.reason)"
    }
}
