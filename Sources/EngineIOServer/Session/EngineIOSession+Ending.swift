internal import EngineIOProtocol
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol

/// The end: what the client is told, and then the application.
extension EngineIOSession {
    /// Says goodbye after what was sent before.
    func closeInOrder(_ reason: EngineIOCloseReason) {
        if !self.fitsOneAnswer { self.flush() }
        switch self.machine.close(now: DeadlineWheel.now()) {
        case .answerPoll:
            self.answerPollWithClose()
            self.end(reason)
        case .awaitPoll:
            self.closeProbe()
            self.updateDeadline()
            self.tellApplication(reason)
        case .closeWebSocket:
            if !self.queue.isEmpty { self.socket?.send(self.queue.takeAll()) }
            self.end(reason)
        case .ignore:
            break
        }
    }

    /// The server shuts down. A client that polls is told by a failed request, not by a packet "close": it is to come back,
    /// and some clients take that packet for good.
    func shutDown() {
        guard self.socket == nil else { return self.closeInOrder(.serverShuttingDown) }
        self.flush()
        _ = self.machine.fail()
        if let poll = self.poll.take() {
            let exchange = poll.exchange
            exchange.respond(self.loop.core.unavailableResponse("The server is shutting down", for: exchange))
        }
        self.end(.serverShuttingDown)
    }

    /// The machine is in its last state.
    /// - Parameter farewell: the answer to the GET that waits.
    func end(_ reason: EngineIOCloseReason, farewell: PacketType = .close) {
        self.loop.remove(self)
        self.permit = nil
        self.queue = OutboundQueue()
        // A client that is given up takes its answer with it: it may never read it.
        if reason == .transportError || reason == .pingTimeout { self.untakenAnswer?.abandonAnswer() }
        self.untakenAnswer = nil
        if self.poll != nil {
            var payload = ByteBuffer()
            payload.append(farewell)
            self.answerPoll(payload)
        }
        self.resumeReceiving()
        if let push = self.push.take() { self.refuse(push, .unknownSession) }
        self.closeProbe()
        self.socket?.close(reason.closeCode, reason.rawValue)
        self.socket = nil
        self.tellApplication(reason)
    }

    func closeProbe() {
        self.probe.take()?.close(.goingAway, "no upgrade")
    }

    func answerPollWithClose() {
        var payload = self.queue.takePayload(maximumPacketCount: .max)
        payload.append(.close)
        self.answerPoll(payload)
    }

    private func tellApplication(_ reason: EngineIOCloseReason) {
        guard self.closeReason == nil else { return }
        self.closeReason = reason
        self.onMessage = nil
        self.onTransportChange = nil
        self.onClose.take()?(reason)
    }
}

extension EngineIOCloseReason {
    /// The code that a WebSocket is closed with.
    fileprivate var closeCode: CloseCode {
        switch self {
        case .parseError: .protocolError
        case .pingTimeout, .serverShuttingDown: .goingAway
        case .transportError: .policyViolation
        default: .normalClosure
        }
    }
}
