internal import HTTPTypes

/// How long to wait before the next try to connect, and when to give up.
public struct ReconnectionPolicy: Sendable, Hashable {
    /// Nothing is waited for longer than this before the second try; it doubles with each further one. Default 0.5 s.
    public var initialDelay: Duration = .milliseconds(500)
    /// The most that is waited for. Default 60 s.
    public var maximumDelay: Duration = .seconds(60)
    /// A connection that lived so long begins the count anew; one that did not counts like a failure, so that a server which
    /// accepts and drops is not hammered. Default 10 s.
    public var stableAfter: Duration = .seconds(10)
    /// How many tries in a row may fail; nil, the default, for any number.
    public var maximumAttemptCount: Int?

    public init() {}

    /// Full jitter: anything from nothing to a ceiling that doubles, so that the clients of a server which comes back do not
    /// all come at once.
    /// - Parameters:
    ///   - failureCount: tries that failed in a row; at 0 nothing is waited for.
    ///   - random: from 0 to 1.
    public func delay(failureCount: Int, random: Double) -> Duration {
        guard failureCount > 0 else { return .zero }
        // Beyond 2^30 every ceiling is reached.
        let doubled = self.initialDelay * (1 << min(failureCount - 1, 30))
        return min(doubled, self.maximumDelay) * min(max(random, 0), 1)
    }
}

extension ConnectError {
    /// True if the same request will fail again for as long as nobody changes something: it can't be sent, or the server
    /// refuses it with 3xx or 4xx. Not 408, 425 and 429, which speak of time.
    public var isPermanent: Bool {
        switch self.reason {
        case .invalidURL, .tls, .invalidResponse, .http2Unavailable: true
        case .refused, .proxy:
            switch self.response?.status.code {
            case 408?, 425?, 429?: false
            case let code?: (300..<500).contains(code)
            case nil: false
            }
        default: false
        }
    }

    /// How long the server asks to be left alone (RFC 9110 §10.2.3), at most an hour; nil if it says nothing, or a date.
    public var retryAfter: Duration? {
        guard let value = self.response?.headerFields[.retryAfter], let seconds = Int(value), seconds >= 0 else {
            return nil
        }
        return .seconds(min(seconds, 3600))
    }
}
