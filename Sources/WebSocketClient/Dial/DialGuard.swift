internal import NIOConcurrencyHelpers
internal import NIOCore

/// Ends the opening of a connection when its time is over or its task is cancelled, wherever it is by then.
final class DialGuard: Sendable {
    enum Cause: Sendable { case timedOut, cancelled }

    private enum State {
        case pending((any Channel)?)
        case ended(Cause)
        /// The connection belongs to who asked for it.
        case finished
    }

    private let state = NIOLockedValueBox(State.pending(nil))

    /// Why it was ended; nil if it was not.
    var cause: Cause? {
        self.state.withLockedValue { if case .ended(let cause) = $0 { cause } else { nil } }
    }

    /// What is to be closed is this channel now.
    func watch(_ channel: any Channel) {
        let isLate = self.state.withLockedValue { state in
            guard case .pending = state else { return true }
            state = .pending(channel)
            return false
        }
        if isLate { channel.close(promise: nil) }
    }

    func end(_ cause: Cause) {
        let channel = self.state.withLockedValue { state -> (any Channel)? in
            guard case .pending(let channel) = state else { return nil }
            state = .ended(cause)
            return channel
        }
        channel?.close(promise: nil)
    }

    /// - Returns: false if it was ended before.
    func finish() -> Bool {
        self.state.withLockedValue { state in
            guard case .pending = state else { return false }
            state = .finished
            return true
        }
    }
}
