public import WebSocketProtocol

/// Something was asked of a connection that is closing or closed, or it ended in a way nobody wanted.
public struct ConnectionClosedError: Error, Sendable, Hashable, CustomStringConvertible {
    /// How the connection ended; nil while it is still closing.
    public let outcome: CloseOutcome?

    package init(outcome: CloseOutcome?) {
        self.outcome = outcome
    }

    public var description: String {
        guard let outcome = self.outcome else { return "the connection is closing: nothing more can be sent" }
        return "the connection is closed: \(outcome)"
    }
}

/// A text message or a piece of one was not UTF-8; nothing was sent (RFC 6455 §8.1).
public struct InvalidTextError: Error, Sendable, Hashable, CustomStringConvertible {
    package init() {}

    public var description: String { "the text is not valid UTF-8: send it as a binary message" }
}
