internal import NIOCore
package import WebSocketProtocol

/// Somebody who wants to know when a ping was answered.
struct PingWaiter {
    let ticket: WaitTicket
    let payload: UInt64
    let sentAt: MonotonicTime
    let answered: (Result<Duration, any Error>) -> Void
}

/// Pings, silence and missed deadlines (RFC 6455 §5.5.2, §7.1.1).
extension ConnectionHandler {
    private var deadline: MonotonicTime? {
        guard self.closing.phase == .open else { return self.closing.deadline }
        var earliest = self.keepAlive.deadline
        for candidate in [self.messageDeadline, self.ageDeadline] {
            guard let candidate else { continue }
            earliest = earliest.map { min($0, candidate) } ?? candidate
        }
        return earliest
    }

    /// Sets a deadline for a message that has begun, and takes it back when it has ended.
    /// - Parameter hasEndedMessage: true if the message that has begun is another one than before this read.
    @inline(__always)
    func updateMessageDeadline(hasEndedMessage: Bool) {
        guard !self.receiver.isAtBoundary, let timeout = self.settings.configuration.messageTimeout, !self.isStreamed
        else { return self.messageDeadline = nil }
        let isFirst = self.messageDeadline == nil
        guard isFirst || hasEndedMessage else { return }
        self.messageDeadline = DeadlineWheel.now().advanced(by: timeout)
        // A deadline that has only moved away is seen to when the old one is reached.
        if isFirst { self.scheduleDeadline() }
    }

    private func checkMessageDeadline(now: MonotonicTime) {
        guard let deadline = self.messageDeadline, now >= deadline else { return }
        if self.inbox.isPaused, let timeout = self.settings.configuration.messageTimeout {
            self.messageDeadline = now.advanced(by: timeout)
        } else {
            self.fail(.policyViolation, "message not complete in time")
        }
    }

    /// When the connection has lived long enough: somewhere in the last tenth of its time.
    static func ageDeadline(
        _ configuration: ConnectionConfiguration, now: MonotonicTime, random: UInt64
    ) -> MonotonicTime? {
        configuration.maximumAge.map { age in
            let tenth = UInt64(max(1, age.clampedNanoseconds / 10))
            return now.advanced(by: age - .nanoseconds(Int64(clamping: random % tenth)))
        }
    }

    private func checkAge(now: MonotonicTime) {
        guard let deadline = self.ageDeadline, now >= deadline else { return }
        self.startClosing(ClosePayload(uncheckedCode: .goingAway, reason: "maximum age"))
    }

    func scheduleDeadline() {
        guard let deadline = self.deadline else { return self.loop.deadlines.remove(self) }
        self.loop.deadlines.schedule(self, at: deadline)
    }

    package func deadlineReached(now: MonotonicTime) -> MonotonicTime? {
        switch self.closing.phase {
        case .open:
            self.checkMessageDeadline(now: now)
            self.checkAge(now: now)
            guard self.closing.phase == .open else { return self.deadline }
            switch self.keepAlive.deadlineReached(now: now, isReadingPaused: self.inbox.isPaused) {
            case .sendPing(let payload):
                self.writeFrame(.ping, ByteBuffer(bytes: KeepAlive.bytes(of: payload)))
            case .pongTimedOut:
                self.fail(.internalError, "no pong in time")
            case .idleTimedOut:
                self.startClosing(ClosePayload(uncheckedCode: .goingAway, reason: "idle"))
            case .wait:
                break
            }
        case .closeSent, .closing:
            switch self.closing.deadlineReached(now: now) {
            case .dropTransport:
                self.drop()
                return nil
            case .wait:
                break
            }
        case .closed:
            return nil
        }
        return self.deadline
    }

    func receivedPong(_ payload: [UInt8]) {
        let now = DeadlineWheel.now()
        let before = self.keepAlive.roundTripTime
        guard let number = self.keepAlive.receivedPong(payload, now: now) else { return }
        if let roundTrip = self.keepAlive.roundTripTime, roundTrip != before {
            self.metrics.pingAnswered(after: roundTrip)
        }
        // Waiters are in the order of their pings; a pong answers all pings up to its own.
        while let waiter = self.pingWaiters.first, number &- waiter.payload < UInt64.max / 2 {
            self.pingWaiters.removeFirst()
            waiter.answered(.success(waiter.sentAt.duration(to: now)))
        }
    }

    /// Sends a ping and waits for its pong.
    /// - Throws: ``ConnectionClosedError`` if the connection ends before, `CancellationError` if the task is cancelled.
    package func ping() async throws -> Duration {
        let ticket = WaitTicket()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                self.perform { self.ping(ticket) { waiter.resume(with: $0) } }
            }
        } onCancel: {
            self.eventLoop.execute {
                ticket.isCancelled = true
                guard let index = self.pingWaiters.firstIndex(where: { $0.ticket === ticket }) else { return }
                self.pingWaiters.remove(at: index).answered(.failure(CancellationError()))
            }
        }
    }

    /// Sends a ping and calls back when its pong is there or can't come any more. On the event loop only.
    func ping(_ ticket: WaitTicket = WaitTicket(), _ answered: @escaping (Result<Duration, any Error>) -> Void) {
        guard !ticket.isCancelled else { return answered(.failure(CancellationError())) }
        guard self.closing.canSend else {
            return answered(.failure(ConnectionClosedError(outcome: self.closing.outcome)))
        }
        let payload = self.keepAlive.takePayload()
        self.pingWaiters.append(
            PingWaiter(ticket: ticket, payload: payload, sentAt: DeadlineWheel.now(), answered: answered)
        )
        self.writeFrame(.ping, ByteBuffer(bytes: KeepAlive.bytes(of: payload)))
    }
}
