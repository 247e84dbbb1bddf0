internal import NIOCore

/// Getting to the connection's event loop from wherever the caller is.
extension ConnectionHandler {
    /// Runs `body` on the event loop: at once if we are there.
    func perform(_ body: @Sendable @escaping () -> Void) {
        if self.eventLoop.inEventLoop { body() } else { self.eventLoop.execute(body) }
    }

    /// Runs `body` on the event loop and returns what it returns.
    package func onLoop<Value: Sendable, Failure: Error>(
        _ body: @Sendable @escaping () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        if self.eventLoop.inEventLoop { return try body() }
        return try await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, Failure>, Never>) in
            self.eventLoop.execute {
                continuation.resume(returning: Result { () throws(Failure) in try body() })
            }
        }.get()
    }

    /// Runs `body` as part of the current task, on the event loop as far as it does not belong to an actor, and ends
    /// ``hold()``.
    package func preferringLoop<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await withTaskExecutorPreference(self.loop.executor) {
            // The preference counts from the next suspension on.
            await Task.yield()
            self.release()
            return try await body()
        }
    }
}
