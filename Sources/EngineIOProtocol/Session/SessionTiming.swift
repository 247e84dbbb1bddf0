/// The waits of all sessions of a server. A class, so that each session holds a reference only.
package final class SessionTiming: Sendable {
    /// From the beginning, and from each pong, to the next ping.
    package let pingInterval: Duration
    /// From a ping to its pong.
    package let pingTimeout: Duration
    /// From the WebSocket that is to take over to its "upgrade" packet.
    package let upgradeTimeout: Duration
    /// Between two empty answers to polls while the client moves to WebSocket: it waits for its poll to return, and one
    /// that it sent just after the last answer must return, too.
    package let noopInterval: Duration
    /// How long a closing session waits for a poll that takes the news to the client.
    package let closeTimeout: Duration

    package init(
        pingInterval: Duration,
        pingTimeout: Duration,
        upgradeTimeout: Duration,
        noopInterval: Duration = .milliseconds(100),
        closeTimeout: Duration = .seconds(30)
    ) {
        self.pingInterval = pingInterval
        self.pingTimeout = pingTimeout
        self.upgradeTimeout = upgradeTimeout
        self.noopInterval = noopInterval
        self.closeTimeout = closeTimeout
    }
}
