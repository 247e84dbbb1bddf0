internal import NIOCore

/// A task that serves a connection starts a moment after the handshake. Until then nothing is taken in, so that the task
/// sees the conversation from its start, and can answer what came before a Close that came with it.
extension ConnectionHandler {
    /// Holds what arrives. On the event loop only, before the handler is in a pipeline.
    package func hold() {
        self.held = []
    }

    /// Takes in what is held, in a later turn of the loop: the task that calls this has reached its first wait by then.
    package func release() {
        self.eventLoop.execute { self.stopHolding() }
    }

    func stopHolding() {
        guard let held = self.held.take() else { return }
        for buffer in held {
            let isOutermost = self.loop.beginRead()
            self.received(buffer)
            self.loop.endRead(isOutermost: isOutermost)
        }
        if self.readsOn { self.resumeReading() }
    }
}
