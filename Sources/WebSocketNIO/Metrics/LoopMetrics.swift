internal import Metrics
package import WebSocketProtocol

/// Counts what the connections of one event loop do and hands it to swift-metrics about once a second.
///
/// A metrics backend costs an atomic operation or a lock per count; a plain addition per message costs nothing.
///
/// | metric | kind | dimensions |
/// |---|---|---|
/// | `websocket_connections` | meter, open connections | `role` |
/// | `websocket_connections_total` | counter | `role` |
/// | `websocket_messages_total`, `websocket_bytes_total` | counter | `role`, `direction` |
/// | `websocket_closes_total` | counter | `role`, `code` |
/// | `websocket_receive_queue_depth` | meter, messages waiting for the application | `role` |
/// | `websocket_ping_round_trip` | timer | `role` |
package final class LoopMetrics: DeadlineTarget {
    @exclusivity(unchecked) package var deadlineTick: Int64?

    @exclusivity(unchecked) private var messagesReceived = 0
    @exclusivity(unchecked) private var bytesReceived = 0
    @exclusivity(unchecked) private var messagesSent = 0
    @exclusivity(unchecked) private var bytesSent = 0
    private var opened = 0
    private var closed = 0
    @exclusivity(unchecked) private var queueDepthChange = 0
    private var closes: [String: Int] = [:]

    private let deadlines: DeadlineWheel
    private let role: String
    private let sinks: Sinks

    private struct Sinks {
        let connections: Meter
        let connectionsTotal: Counter
        let messagesReceived: Counter
        let messagesSent: Counter
        let bytesReceived: Counter
        let bytesSent: Counter
        let queueDepth: Meter
        let pingRoundTrip: Timer
    }

    init(role: Role, deadlines: DeadlineWheel) {
        self.deadlines = deadlines
        let role = role == .server ? "server" : "client"
        self.role = role
        func counter(_ label: String, direction: String) -> Counter {
            Counter(label: label, dimensions: [("role", role), ("direction", direction)])
        }
        self.sinks = Sinks(
            connections: Meter(label: "websocket_connections", dimensions: [("role", role)]),
            connectionsTotal: Counter(label: "websocket_connections_total", dimensions: [("role", role)]),
            messagesReceived: counter("websocket_messages_total", direction: "received"),
            messagesSent: counter("websocket_messages_total", direction: "sent"),
            bytesReceived: counter("websocket_bytes_total", direction: "received"),
            bytesSent: counter("websocket_bytes_total", direction: "sent"),
            queueDepth: Meter(label: "websocket_receive_queue_depth", dimensions: [("role", role)]),
            pingRoundTrip: Timer(label: "websocket_ping_round_trip", dimensions: [("role", role)])
        )
    }

    func connectionOpened() {
        self.opened += 1
        self.changed()
    }

    func connectionClosed(_ outcome: CloseOutcome) {
        self.closed += 1
        self.closes[LoopMetrics.bucket(of: outcome.code), default: 0] += 1
        self.changed()
    }

    @inline(__always)
    func received(messages: Int = 0, bytes: Int = 0) {
        self.messagesReceived &+= messages
        self.bytesReceived &+= bytes
        self.changed()
    }

    @inline(__always)
    func sent(messages: Int = 0, bytes: Int = 0) {
        self.messagesSent &+= messages
        self.bytesSent &+= bytes
        self.changed()
    }

    @inline(__always)
    func queueChanged(by count: Int) {
        self.queueDepthChange &+= count
        self.changed()
    }

    func pingAnswered(after duration: Duration) {
        self.sinks.pingRoundTrip.recordNanoseconds(duration.clampedNanoseconds)
    }

    /// The dimension for a close code. A peer chooses among two thousand codes: those without a registered meaning
    /// share a name, so that it can't make a backend keep as many series.
    private static func bucket(of code: CloseCode) -> String {
        switch code.rawValue {
        case 1000...1015: "\(code.rawValue)"
        case 3000...3999: "3xxx"
        case 4000...4999: "4xxx"
        default: "other"
        }
    }

    @inline(__always)
    private func changed() {
        if self.deadlineTick == nil { self.scheduleReport() }
    }

    private func scheduleReport() {
        self.deadlines.schedule(self, at: DeadlineWheel.now().advanced(by: .seconds(1)))
    }

    package func deadlineReached(now: MonotonicTime) -> MonotonicTime? {
        self.report()
        return nil
    }

    private func report() {
        func take(_ count: inout Int) -> Int {
            defer { count = 0 }
            return count
        }
        func move(_ count: inout Int, to counter: Counter) {
            let amount = take(&count)
            if amount > 0 { counter.increment(by: amount) }
        }
        func change(_ meter: Meter, by amount: Int) {
            // Backends ignore negative increments.
            if amount > 0 { meter.increment(by: Double(amount)) }
            if amount < 0 { meter.decrement(by: Double(-amount)) }
        }
        change(self.sinks.connections, by: self.opened - self.closed)
        self.closed = 0
        move(&self.opened, to: self.sinks.connectionsTotal)
        move(&self.messagesReceived, to: self.sinks.messagesReceived)
        move(&self.messagesSent, to: self.sinks.messagesSent)
        move(&self.bytesReceived, to: self.sinks.bytesReceived)
        move(&self.bytesSent, to: self.sinks.bytesSent)
        change(self.sinks.queueDepth, by: take(&self.queueDepthChange))
        for (code, count) in self.closes {
            Counter(label: "websocket_closes_total", dimensions: [("role", self.role), ("code", code)])
                .increment(by: count)
        }
        self.closes.removeAll(keepingCapacity: true)
    }
}
