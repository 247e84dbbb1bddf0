internal import DequeModule
internal import EngineIOServer
internal import SocketIOProtocol
internal import Synchronization
internal import WebSocketNIO
internal import WebSocketProtocol

/// What a namespace keeps for sockets that may come back: the events, and who is away or may be.
///
/// Whoever sends does so within the lock: events reach each event loop in the order of their numbers. So an offset, the
/// number of the last event that a client has, tells all that it has.
final class RecoveryStore: Sendable {
    fileprivate let state: Mutex<State>
    private let configuration: SocketIORecovery
    private let budget: RecoveryBudget
    /// How often to look for what is too old.
    let sweepInterval: Duration

    fileprivate struct State {
        var log: RecoveryLog<PreparedEngineIOMessage>
        var connected: [String: SocketIOSocket] = [:]
        var away: [String: AwaySocket] = [:]
        /// Who went when; some may have come back since.
        var departures: Deque<(privateID: String, time: MonotonicTime)> = []
        /// What the budget knows of.
        var chargedByteCount = 0
    }

    /// Who asks for a private id.
    enum Holder {
        case away(AwaySocket)
        /// The server has not noticed yet that its connection is gone.
        case connected(SocketIOSocket)
    }

    init(_ configuration: SocketIORecovery, budget: RecoveryBudget) {
        self.configuration = configuration
        self.budget = budget
        self.sweepInterval = min(configuration.maximumDisconnection, .seconds(10))
        let limits = RecoveryLimits(
            maximumDisconnection: configuration.maximumDisconnection,
            maximumEventCount: configuration.maximumEventCount,
            maximumByteCount: configuration.maximumByteCount
        )
        // Not a secret: it tells one life of the server from another.
        let epoch = String(UInt64.random(in: .min ... .max), radix: 36)
        self.state = Mutex(State(log: RecoveryLog(epoch: epoch, limits: limits)))
    }

    deinit {
        self.budget.add(-self.state.withLock { $0.chargedByteCount })
    }
}

// MARK: - Sending

extension RecoveryStore {
    /// Numbers an event, keeps it if it is worth it, and hands it over.
    /// - Parameter deliver: gets the event and its number, or nil if it is not kept; within the lock, so it may only hop.
    func send(
        _ packet: EncodedPacket,
        to target: BroadcastTarget,
        _ deliver: (PreparedEngineIOMessage, UInt64?) -> Void
    ) {
        self.state.withLock { state in
            guard !target.isVolatile else {
                // The client takes a string at the end for an offset, so it has to be one.
                return deliver(packet.appending(offset: state.log.offset(state.log.head)).prepared, nil)
            }
            let epoch = state.log.epoch
            let entry = state.log.append(
                rooms: target.rooms, except: target.except, byteCount: packet.byteCount, now: DeadlineWheel.now()
            ) { number in packet.appending(offset: "\(epoch)-\(number)").prepared }
            state.settle(self.budget)
            deliver(entry.item, entry.number)
        }
    }
}

// MARK: - Coming and going

extension RecoveryStore {
    /// The socket is connected.
    /// - Returns: the number of the last event before.
    func connected(_ socket: SocketIOSocket, _ privateID: String) -> UInt64 {
        self.state.withLock { state in
            state.connected[privateID] = socket
            return state.log.head
        }
    }

    /// The number of the last event.
    var head: UInt64 { self.state.withLock { $0.log.head } }

    func offset(_ number: UInt64) -> String { self.state.withLock { $0.log.offset(number) } }

    /// The socket is disconnected.
    /// - Parameters:
    ///   - privateID: the secret of its client.
    ///   - away: what it needs to come back; nil if it shall not.
    ///   - loop: where we are, and where it is forgotten in time.
    func disconnected(_ privateID: String, _ away: AwaySocket?, on loop: SocketIOLoop) {
        if away != nil { loop.sweep(self) }
        let now = DeadlineWheel.now()
        self.state.withLock { state in
            state.connected[privateID] = nil
            guard let away else { return }
            state.away[privateID] = away
            state.departures.append((privateID, away.time))
            state.forgetDepartures(now, self.configuration)
            state.settle(self.budget)
        }
    }

    /// Whom a private id belongs to. Whoever is away is no longer: it comes back, or never.
    func take(_ privateID: String) -> Holder? {
        let now = DeadlineWheel.now()
        return self.state.withLock { state in
            if let socket = state.connected[privateID] { return .connected(socket) }
            state.forgetDepartures(now, self.configuration)
            defer { state.settle(self.budget) }
            return state.away.removeValue(forKey: privateID).map { .away($0) }
        }
    }

    /// The socket comes back and is connected.
    /// - Returns: what it has missed, and what it needs to come back again; nil if not all of that is there.
    func reconnected(
        _ socket: SocketIOSocket, _ privateID: String, _ away: AwaySocket, offset: String
    ) -> (missed: [PreparedEngineIOMessage], ticket: RecoveryTicket)? {
        let now = DeadlineWheel.now()
        return self.state.withLock { state in
            state.log.prune(now: now)
            guard let known = state.log.number(of: offset), away.history.reaches(back: known) else { return nil }
            // Whoever has all that was sent to it needs only what came after it went, however old its offset.
            let start = known >= away.lastSentEvent ? max(known, away.lastEvent) : known
            guard let entries = state.log.entries(after: start) else { return nil }
            state.connected[privateID] = socket
            let missed = entries.filter { away.history.includes($0, socketID: socket.id) }
            let lastSentEvent = missed.last?.number ?? away.lastSentEvent
            let ticket = RecoveryTicket(
                privateID: privateID, after: state.log.head, lastSentEvent: lastSentEvent, history: away.history)
            return (missed.map(\.item), ticket)
        }
    }

    /// True if nobody can come back any more.
    var isForgotten: Bool { self.state.withLock { $0.away.isEmpty && $0.connected.isEmpty } }

    /// Lets go what is too old.
    /// - Returns: false if nothing is left that could become so.
    func forgetWhatIsTooOld(now: MonotonicTime) -> Bool {
        self.state.withLock { state in
            state.log.prune(now: now)
            state.forgetDepartures(now, self.configuration)
            state.settle(self.budget)
            return !state.log.isEmpty || !state.away.isEmpty
        }
    }
}

extension RecoveryStore.State {
    fileprivate mutating func forgetDepartures(_ now: MonotonicTime, _ configuration: SocketIORecovery) {
        while let first = self.departures.first,
            first.time.duration(to: now) > configuration.maximumDisconnection
                || self.departures.count > configuration.maximumSocketCount
        {
            self.forgetFirstDeparture()
        }
    }

    private mutating func forgetFirstDeparture() {
        let first = self.departures.removeFirst()
        if self.away[first.privateID]?.time == first.time { self.away[first.privateID] = nil }
    }

    /// Who is away takes about this much, also for being the one for whom a namespace is there.
    private static let awayByteCount = 2048

    /// Tells the budget what is kept; the oldest is not if that is too much.
    fileprivate mutating func settle(_ budget: RecoveryBudget) {
        self.charge(budget)
        while budget.isExceeded {
            if !self.log.isEmpty {
                self.log.removeFirst()
            } else if !self.departures.isEmpty {
                self.forgetFirstDeparture()
            } else {
                return
            }
            self.charge(budget)
        }
    }

    private mutating func charge(_ budget: RecoveryBudget) {
        let byteCount = self.log.byteCount + self.away.count * Self.awayByteCount
        budget.add(byteCount - self.chargedByteCount)
        self.chargedByteCount = byteCount
    }
}

/// A socket that may come back.
struct AwaySocket: Sendable {
    let id: String
    let data: SocketIOValue
    let history: MembershipHistory
    /// The last event that was sent to it.
    let lastSentEvent: UInt64
    /// The last event that was sent on its event loop while it was there.
    let lastEvent: UInt64
    let time: MonotonicTime
}
