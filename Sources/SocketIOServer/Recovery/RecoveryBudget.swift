internal import Synchronization

/// What all namespaces of a server keep together for sockets that may come back: clients make namespaces up, so a bound for
/// each is none for all.
final class RecoveryBudget: Sendable {
    private let used = Atomic(0)
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    var byteCount: Int { self.used.load(ordering: .relaxed) }
    var isExceeded: Bool { self.byteCount > self.limit }

    /// A namespace keeps as much more, or less.
    func add(_ difference: Int) {
        self.used.wrappingAdd(difference, ordering: .relaxed)
    }
}
