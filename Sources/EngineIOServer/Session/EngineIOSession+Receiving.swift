internal import NIOCore
internal import WebSocketNIO
internal import WebSocketServer

/// Back-pressure: an application that can't keep up holds the client up instead of letting messages pile up.
extension EngineIOSession {
    /// Takes in no more than what has been read: a WebSocket is not read, a POST not answered. Pongs are not missed
    /// meanwhile.
    public func pauseReceiving() {
        self.eventLoop.preconditionInEventLoop()
        guard !self.receiving.isPaused, self.machine.isOpen else { return }
        self.receiving.isPaused = true
        self.machine.receivingPaused()
        self.socket?.pauseReceiving()
    }

    /// Takes back ``pauseReceiving()``.
    public func resumeReceiving() {
        self.eventLoop.preconditionInEventLoop()
        guard self.receiving.isPaused else { return }
        self.receiving.isPaused = false
        self.machine.receivingResumed(now: DeadlineWheel.now())
        self.socket?.resumeReceiving()
        if let push = self.receiving.heldPush.take() { self.accept(push) }
    }

    /// All of a POST was taken in.
    func finish(_ push: HTTPExchange) {
        if self.receiving.isPaused { self.receiving.heldPush = push } else { self.accept(push) }
    }

    private func accept(_ push: HTTPExchange) {
        self.machine.pushEnded()
        push.respond(self.loop.core.okResponse(for: push))
    }
}

/// Whether a session takes anything in.
struct Receiving {
    var isPaused = false
    /// The POST whose answer lets the client send the next one.
    var heldPush: HTTPExchange?
}
