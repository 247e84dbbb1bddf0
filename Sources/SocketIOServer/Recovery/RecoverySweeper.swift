internal import WebSocketNIO
internal import WebSocketProtocol

/// Lets what is kept for recovery go when its time is over, also where nothing happens any more. On one event loop only;
/// it is there as long as there is something to let go.
final class RecoverySweeper: DeadlineTarget {
    var deadlineTick: Int64?
    private let server: SocketIOServer
    private var next: MonotonicTime?

    init(server: SocketIOServer) {
        self.server = server
    }

    /// Something is kept from now on.
    func schedule(_ interval: Duration, on deadlines: DeadlineWheel) {
        let time = DeadlineWheel.now().advanced(by: interval)
        if let next = self.next, next <= time { return }
        self.next = time
        deadlines.schedule(self, at: time)
    }

    func deadlineReached(now: MonotonicTime) -> MonotonicTime? {
        self.next = self.server.forgetWhatIsTooOld(now: now).map { now.advanced(by: $0) }
        return self.next
    }
}
