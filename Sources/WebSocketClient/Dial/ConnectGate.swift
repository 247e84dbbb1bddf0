internal import NIOConcurrencyHelpers

/// Lets one connection at a time be opened to each host and port (RFC 6455 §4.1 step 2).
///
/// Before a name is resolved its addresses are not known, so names count as distinct hosts, as the RFC allows.
final class ConnectGate: Sendable {
    static let shared = ConnectGate()

    private struct Waiter {
        /// Whose turn it is.
        let watch: DialGuard
        let continuation: CheckedContinuation<Bool, Never>
    }

    /// Those who wait, by endpoint, in order; an entry without waiters means that somebody is inside.
    private let waiters = NIOLockedValueBox<[String: [Waiter]]>([:])

    /// Runs `body` when no other connection to `endpoint` is being opened.
    /// - Parameter watch: its end is the end of the waiting.
    /// - Throws: `CancellationError` at that end.
    func pass<Result>(_ endpoint: String, _ watch: DialGuard, _ body: () async throws -> Result) async throws -> Result
    {
        let hasTurn = await withCheckedContinuation { continuation in
            let entersAtOnce = self.waiters.withLockedValue { waiters in
                guard waiters[endpoint] != nil else {
                    waiters[endpoint] = []
                    return true
                }
                waiters[endpoint]?.append(Waiter(watch: watch, continuation: continuation))
                return false
            }
            if entersAtOnce { return continuation.resume(returning: true) }
            watch.onEnd { self.giveUp(endpoint, watch) }
        }
        guard hasTurn else { throw CancellationError() }
        defer { self.leave(endpoint) }
        guard watch.cause == nil else { throw CancellationError() }
        return try await body()
    }

    /// Whose turn has come meanwhile goes on.
    private func giveUp(_ endpoint: String, _ watch: DialGuard) {
        let waiter = self.waiters.withLockedValue { waiters -> Waiter? in
            guard let index = waiters[endpoint]?.firstIndex(where: { $0.watch === watch }) else { return nil }
            return waiters[endpoint]?.remove(at: index)
        }
        waiter?.continuation.resume(returning: false)
    }

    private func leave(_ endpoint: String) {
        let next = self.waiters.withLockedValue { waiters -> Waiter? in
            guard waiters[endpoint]?.isEmpty == false else {
                waiters[endpoint] = nil
                return nil
            }
            return waiters[endpoint]?.removeFirst()
        }
        next?.continuation.resume(returning: true)
    }
}
