internal import EngineIOProtocol
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol

/// The session carried by a WebSocket, or about to be.
extension EngineIOSession {
    /// A WebSocket was opened for the session, perhaps on another event loop.
    func upgradeRequested(_ socket: SessionSocket) {
        switch self.machine.upgradeRequested(now: DeadlineWheel.now()) {
        case .probe:
            self.probe = socket
            self.updateDeadline()
        case .refuse:
            socket.close(.policyViolation, "the session has a WebSocket")
        }
    }

    func received(_ message: WebSocketMessage, on socket: SessionSocket) {
        if socket === self.socket {
            self.received(message)
        } else if socket === self.probe {
            self.receivedOnProbe(message, socket)
        }
    }

    private func received(_ message: WebSocketMessage) {
        let now = DeadlineWheel.now()
        guard message.kind == .text else { return self.received(.message, .binary, message.bytes, now: now) }
        do throws(PacketViolation) {
            var data = message.bytes
            let type = try message.packetType
            data.moveReaderIndex(forwardBy: 1)
            self.received(type, .text, data, now: now)
        } catch {
            self.fail(.parseError)
        }
    }

    /// A packet of the transport that carries the session.
    func received(_ type: PacketType, _ kind: MessageKind, _ data: ByteBuffer, now: MonotonicTime) {
        switch self.machine.received(type, now: now) {
        case .deliver:
            self.onMessage?(self, kind == .text ? .text(data) : .binary(data))
        case .end(let reason):
            // A client that said "close" does not want to hear it.
            self.end(reason, farewell: reason == .forcedClose ? .noop : .close)
        case .ignore:
            // A pong that came early brings the next ping forward.
            self.updateDeadline()
        }
    }

    private func receivedOnProbe(_ message: WebSocketMessage, _ socket: SessionSocket) {
        // A packet that is none is as good as one that has no business here.
        let type = message.kind == .text ? (try? message.packetType) ?? .message : .message
        let isProbe = message.bytes.withUnsafeReadableBytes { PacketDecoder.isProbe($0) }
        // What waits for the end of this turn goes before an empty answer.
        self.flush()
        switch self.machine.receivedOnProbe(type, isProbe: isProbe, now: DeadlineWheel.now()) {
        case .answerProbe(let releasesPoll):
            socket.sendProbeAnswer()
            if releasesPoll { self.releasePoll() }
            self.updateDeadline()
        case .switchTransport(let releasesPoll):
            if releasesPoll { self.releasePoll() }
            self.probe = nil
            self.socket = socket
            if self.receiving.isPaused { socket.pauseReceiving() }
            if !self.queue.isEmpty { socket.send(self.queue.takeAll()) }
            self.onTransportChange?(self, .webSocket)
        case .abandon:
            self.closeProbe()
        }
    }

    func closed(_ socket: SessionSocket, isError: Bool) {
        if socket === self.probe {
            self.probe = nil
            self.machine.probeClosed()
        } else if socket === self.socket {
            guard case .end(let reason) = self.machine.webSocketClosed(isError: isError) else { return }
            self.end(reason)
        }
    }
}

extension WebSocketMessage {
    fileprivate var packetType: PacketType {
        get throws(PacketViolation) {
            try self.bytes.withUnsafeReadableBytes { bytes throws(PacketViolation) in
                try PacketDecoder.type(of: bytes)
            }
        }
    }
}
