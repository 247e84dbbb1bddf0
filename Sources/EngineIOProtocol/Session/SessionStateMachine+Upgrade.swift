package import WebSocketProtocol

/// From polling to WebSocket (Engine.IO protocol v4, "Upgrade"):
///
/// ```
/// client ─ GET, Upgrade ─▶      polling goes on
/// client ─ "2probe" ──────▶     ◀─ "3probe"; each waiting GET returns with "6"
/// client ─ "5" ───────────▶     from here on everything goes over the WebSocket
/// ```
extension SessionStateMachine {
    package enum UpgradeRequestedAction: Sendable, Hashable {
        /// Listen to what the socket says.
        case probe
        /// The session has a WebSocket, or one that tries: close the new one.
        case refuse
    }

    /// A WebSocket was opened for the session.
    package mutating func upgradeRequested(now: MonotonicTime) -> UpgradeRequestedAction {
        switch self.state {
        case .polling(let polling):
            self.state = .probing(
                Probing(from: polling, giveUpAt: now.advanced(by: self.timing.upgradeTimeout)))
            return .probe
        case .probing, .webSocket, .closing, .closed:
            return .refuse
        }
    }

    package enum ProbeAction: Sendable, Hashable {
        /// Answer "3probe"; and the waiting GET, if there is one, with "6".
        case answerProbe(releasesPoll: Bool)
        /// The socket carries the session now. Answer the waiting GET, if there is one, with "6".
        case switchTransport(releasesPoll: Bool)
        /// Close the socket; polling goes on.
        case abandon
    }

    /// A packet came over the socket that asks to take over.
    /// - Parameter isProbe: true if its data is `probe`.
    package mutating func receivedOnProbe(_ type: PacketType, isProbe: Bool, now: MonotonicTime) -> ProbeAction {
        guard case .probing(var probing) = self.state else { return .abandon }
        let releasesPoll = probing.polling.isPolled
        switch (type, probing.nextNoop) {
        case (.ping, nil) where isProbe:
            probing.polling.isPolled = false
            probing.nextNoop = now.advanced(by: self.timing.noopInterval)
            self.state = .probing(probing)
            return .answerProbe(releasesPoll: releasesPoll)
        case (.upgrade, .some):
            self.state = .webSocket(WebSocket(from: probing))
            return .switchTransport(releasesPoll: releasesPoll)
        case (.open, _), (.close, _), (.ping, _), (.pong, _), (.message, _), (.upgrade, _), (.noop, _):
            self.state = .polling(probing.polling)
            return .abandon
        }
    }

    /// The socket that asked to take over is gone.
    package mutating func probeClosed() {
        guard case .probing(let probing) = self.state else { return }
        self.state = .polling(probing.polling)
    }
}
