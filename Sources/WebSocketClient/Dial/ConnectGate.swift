internal import NIOConcurrencyHelpers

/// Lets one connection at a time be opened to each host and port (RFC 6455 §4.1 step 2).
///
/// Before a name is resolved its addresses are not known, so names count as distinct hosts, as the RFC allows.
final class ConnectGate: Sendable {
    static let shared = ConnectGate()

    /// Those who wait, by endpoint, in order; an entry without waiters means that somebody is inside.
    private let waiters = NIOLockedValueBox<[String: [CheckedContinuation<Void, Never>]]>([:])

    /// Runs `body` when no other connection to `endpoint` is being opened.
    ///
    /// A cancelled task keeps its place and gives it up when its turn comes; the deadlines of those before it bound that.
    func pass<Result>(_ endpoint: String, _ body: () async throws -> Result) async throws -> Result {
        await withCheckedContinuation { continuation in
            let entersAtOnce = self.waiters.withLockedValue { waiters in
                guard waiters[endpoint] != nil else {
                    waiters[endpoint] = []
                    return true
                }
                waiters[endpoint]?.append(continuation)
                return false
            }
            if entersAtOnce { continuation.resume() }
        }
        defer { self.leave(endpoint) }
        try Task.checkCancellation()
        return try await body()
    }

    private func leave(_ endpoint: String) {
        let next = self.waiters.withLockedValue { waiters -> CheckedContinuation<Void, Never>? in
            guard waiters[endpoint]?.isEmpty == false else {
                waiters[endpoint] = nil
                return nil
            }
            return waiters[endpoint]?.removeFirst()
        }
        next?.resume()
    }
}
