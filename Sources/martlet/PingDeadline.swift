import WebSocketNIO

extension WebSocketConnection {
    /// Sends a ping.
    /// - Returns: the time until its pong, or nil if there is none in five seconds.
    func pingWithDeadline() async throws -> Duration? {
        try await withThrowingTaskGroup(of: Duration?.self) { group in
            group.addTask { try await self.ping() }
            group.addTask {
                try await Task.sleep(for: .seconds(5))
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}
