internal import EngineIOProtocol
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol

/// A WebSocket of a session. It lives where the listener has put it, which for one that came to take over may be another
/// event loop than the session's; then what goes to and fro goes in batches, and waits within bounds.
final class SessionSocket: @unchecked Sendable {
    // Safety: `arrived`, `unreadByteCount` and `isPaused` are touched on the connection's event loop only; the other
    // variables on the session's only.

    let connection: WebSocketConnection
    let isLocal: Bool
    private let sessionLoop: any EventLoop
    /// Handed over to the connection's event loop and not yet sent.
    private(set) var byteCountInFlight = 0
    private var isRemoteCongested = false
    private var isReceivingPaused = false
    /// Taken in while that is so, and not yet said to be.
    private var withheldByteCount = 0

    /// What came in during this read.
    private var arrived: [WebSocketMessage] = []
    /// Handed over to the session's event loop and not yet taken in.
    private var unreadByteCount = 0
    private(set) var isPaused = false

    /// More than this waits for the session's event loop only if it was one message.
    private static let maximumUnreadByteCount = 256 * 1024

    /// - Parameter connection: which is open and on whose event loop we are.
    init(_ connection: WebSocketConnection, sessionLoop: any EventLoop) {
        self.connection = connection
        self.sessionLoop = sessionLoop
        self.isLocal = connection.eventLoop === sessionLoop
    }

    /// Tells the session of all that comes. On the connection's event loop.
    func listen(for session: EngineIOSession) {
        if self.isLocal {
            self.connection.onMessage { _, message in session.received(message, on: self) }
            self.connection.onClose { session.closed(self, isError: $0.isError) }
        } else {
            self.connection.onMessage { _, message in self.arrived(message, for: session) }
            self.connection.onDrain { _ in self.tellCongestion(false) }
            self.connection.onClose { outcome in
                self.handOver(to: session)
                session.eventLoop.execute { session.closed(self, isError: outcome.isError) }
            }
        }
    }
}

// MARK: - Used on the session's event loop

extension SessionSocket {
    var isCongested: Bool {
        self.isLocal ? self.connection.isCongested : self.isRemoteCongested || self.byteCountInFlight > 0
    }

    func send(_ items: [OutboundQueue.Item]) {
        guard !self.isLocal else {
            for item in items { self.connection.send(item) }
            return
        }
        let byteCount = items.reduce(0) { $0 + $1.cost }
        self.byteCountInFlight += byteCount
        self.connection.eventLoop.execute {
            for item in items { self.connection.send(item) }
            let isCongested = self.connection.isCongested
            self.sessionLoop.execute {
                self.byteCountInFlight -= byteCount
                self.isRemoteCongested = isCongested
            }
        }
    }

    /// The session takes in nothing more for now. A connection of another event loop goes on until as much waits here as may.
    func pauseReceiving() {
        self.isReceivingPaused = true
        if self.isLocal { self.connection.pauseReading() }
    }

    func resumeReceiving() {
        self.isReceivingPaused = false
        guard !self.isLocal else { return self.connection.resumeReading() }
        let byteCount = self.withheldByteCount
        self.withheldByteCount = 0
        self.connection.eventLoop.execute { self.wasTakenIn(byteCount) }
    }

    private func tookIn(_ byteCount: Int) {
        if self.isReceivingPaused {
            self.withheldByteCount += byteCount
        } else {
            self.connection.eventLoop.execute { self.wasTakenIn(byteCount) }
        }
    }

    func sendProbeAnswer() {
        self.onConnectionLoop { $0.sendNow(PacketType.pong.webSocketMessage("probe")) }
    }

    /// Closes the connection, after what was sent before.
    func close(_ code: CloseCode, _ reason: String) {
        // Codes and reasons are ours: they can be sent.
        self.onConnectionLoop { try? $0.startClosing(code: code, reason: reason) }
    }

    private func onConnectionLoop(_ body: @escaping @Sendable (WebSocketConnection) -> Void) {
        let connection = self.connection
        if self.isLocal { body(connection) } else { connection.eventLoop.execute { body(connection) } }
    }
}

// MARK: - Used on the connection's event loop, if that is another

extension SessionSocket {
    private func arrived(_ message: WebSocketMessage, for session: EngineIOSession) {
        self.arrived.append(message)
        self.unreadByteCount += message.cost
        if !self.isPaused && self.unreadByteCount > SessionSocket.maximumUnreadByteCount {
            self.isPaused = true
            self.connection.pauseReading()
        }
        guard self.arrived.count == 1 else { return }
        self.connection.eventLoop.execute { self.handOver(to: session) }
    }

    private func handOver(to session: EngineIOSession) {
        guard !self.arrived.isEmpty else { return }
        var messages: [WebSocketMessage] = []
        swap(&messages, &self.arrived)
        session.eventLoop.execute { [messages] in
            for message in messages { session.received(message, on: self) }
            let byteCount = messages.reduce(0) { $0 + $1.cost }
            self.tookIn(byteCount)
        }
    }

    private func wasTakenIn(_ byteCount: Int) {
        self.unreadByteCount -= byteCount
        guard self.isPaused, self.unreadByteCount <= SessionSocket.maximumUnreadByteCount / 2 else { return }
        self.isPaused = false
        self.connection.resumeReading()
    }

    private func tellCongestion(_ isCongested: Bool) {
        self.sessionLoop.execute { self.isRemoteCongested = isCongested }
    }
}

extension WebSocketMessage {
    /// What it takes while it waits: an empty message takes memory, too.
    fileprivate var cost: Int { self.bytes.readableBytes + MemoryLayout<WebSocketMessage>.size }
}

extension CloseOutcome {
    /// True if a rule was broken, or the client did not read.
    fileprivate var isError: Bool { self.violation != nil || self.sent?.code == .tryAgainLater }
}
