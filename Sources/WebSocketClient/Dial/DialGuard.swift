internal import NIOConcurrencyHelpers
internal import NIOCore

/// Ends the opening of a connection when its time is over or its task is cancelled, wherever it is by then.
final class DialGuard: Sendable {
    enum Cause: Sendable { case timedOut, cancelled }

    private enum State {
        /// What ends the step that is under way.
        case pending([@Sendable () -> Void])
        case ended(Cause)
        /// The connection belongs to who asked for it.
        case finished
    }

    private let state = NIOLockedValueBox(State.pending([]))

    /// Why it was ended; nil if it was not.
    var cause: Cause? {
        self.state.withLockedValue { if case .ended(let cause) = $0 { cause } else { nil } }
    }

    /// What is to be closed is this channel now, and nothing else.
    func watch(_ channel: any Channel) {
        self.onEnd { channel.close(promise: nil) }
    }

    /// This channel is to be closed, too.
    func watchToo(_ channel: any Channel) {
        self.onEnd(replacing: false) { channel.close(promise: nil) }
    }

    /// The end does this from now on, and nothing else. If it has come, that is done at once.
    func onEnd(replacing: Bool = true, _ action: @escaping @Sendable () -> Void) {
        let isLate = self.state.withLockedValue { state in
            guard case .pending(let actions) = state else { return true }
            state = .pending(replacing ? [action] : actions + [action])
            return false
        }
        if isLate { action() }
    }

    /// What connecting leads to. It can't be ended as long as there is only a name; so the end does not wait for it, and
    /// what comes after the end is closed.
    func race(_ connecting: EventLoopFuture<any Channel>) -> EventLoopFuture<any Channel> {
        let first = connecting.eventLoop.makePromise(of: (any Channel).self)
        // The channels on the way are watched already.
        self.onEnd(replacing: false) { first.fail(CancellationError()) }
        connecting.whenSuccess { self.watch($0) }
        connecting.cascade(to: first)
        return first.futureResult
    }

    func end(_ cause: Cause) {
        let actions = self.state.withLockedValue { state -> [@Sendable () -> Void] in
            guard case .pending(let actions) = state else { return [] }
            state = .ended(cause)
            return actions
        }
        for action in actions { action() }
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
