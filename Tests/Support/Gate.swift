import NIOConcurrencyHelpers

/// Holds tasks up until it is opened.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = NIOLockedValueBox(State())

    func wait() async {
        await withCheckedContinuation { waiter in
            let passes = self.state.withLockedValue { state in
                if !state.isOpen { state.waiters.append(waiter) }
                return state.isOpen
            }
            if passes { waiter.resume() }
        }
    }

    func open() {
        let waiters = self.state.withLockedValue { state in
            state.isOpen = true
            defer { state.waiters.removeAll() }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
