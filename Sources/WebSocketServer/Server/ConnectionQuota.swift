internal import NIOConcurrencyHelpers
package import NIOCore
internal import WebSocketNIO
package import WebSocketProtocol

/// Counts what is open, in all and by address, and how fast it comes.
package final class ConnectionQuota: Sendable {
    private struct Counts {
        var total = 0
        var byAddress: [String: Int] = [:]
        var rate: AcceptRate?
    }

    private let counts: NIOLockedValueBox<Counts>
    private let maximumTotal: Int
    private let maximumPerAddress: Int

    package init(maximumTotal: Int, maximumPerAddress: Int, maximumPerSecond: Int? = nil) {
        self.counts = NIOLockedValueBox(Counts(rate: maximumPerSecond.map(AcceptRate.init)))
        self.maximumTotal = maximumTotal
        self.maximumPerAddress = maximumPerAddress
    }

    /// What is counted against an address; nil for loopback and Unix sockets, which are not limited.
    package static func key(of address: SocketAddress?) -> String? {
        guard let ip = address?.ipAddress, !ip.hasPrefix("127."), !ip.hasPrefix("::ffff:127."), ip != "::1" else {
            return nil
        }
        return ip
    }

    /// - Parameter places: what it takes of the total: none if it has its place there already.
    /// - Returns: false if that would be one too many, or one too soon; it is not counted then.
    package func admit(_ key: String?, places: Int = 1, now: MonotonicTime = DeadlineWheel.now()) -> Bool {
        self.counts.withLockedValue { counts in
            guard counts.total + places <= self.maximumTotal else { return false }
            let count = key.flatMap { counts.byAddress[$0] } ?? 0
            guard count < self.maximumPerAddress else { return false }
            guard places == 0 || counts.rate?.admit(now: now) != false else { return false }
            if let key { counts.byAddress[key] = count + 1 }
            counts.total += places
            return true
        }
    }

    package func release(_ key: String?, places: Int = 1) {
        self.counts.withLockedValue { counts in
            counts.total -= places
            guard let key, let count = counts.byAddress[key] else { return }
            counts.byAddress[key] = count > 1 ? count - 1 : nil
        }
    }
}
