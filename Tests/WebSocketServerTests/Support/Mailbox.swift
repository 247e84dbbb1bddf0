/// Hands values from one task to another.
final class Mailbox<Value: Sendable>: Sendable {
    private let values: AsyncStream<Value>
    private let putting: AsyncStream<Value>.Continuation

    init() {
        (self.values, self.putting) = AsyncStream.makeStream()
    }

    func put(_ value: Value) {
        self.putting.yield(value)
    }

    /// The next value. One task at a time; the test's time limit bounds the wait.
    func take() async throws -> Value {
        for await value in self.values { return value }
        throw CancellationError()
    }
}
