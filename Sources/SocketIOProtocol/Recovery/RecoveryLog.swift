package import DequeModule
package import WebSocketProtocol

/// The events that sockets of a namespace may have missed, in order, each with a number that is one more than the last.
///
/// Bounded by count, bytes and age. Whoever asks for more than is there gets nothing: a recovery is never partial.
package struct RecoveryLog<Item: Sendable>: Sendable {
    package struct Entry: Sendable {
        package let number: UInt64
        package let item: Item
        package let rooms: Set<String>
        package let except: Set<String>
        let byteCount: Int
        let time: MonotonicTime
    }

    /// Tells this log from one of another process or an earlier life of it: numbers alone would fit any.
    package let epoch: String
    private let limits: RecoveryLimits
    private var entries: Deque<Entry> = []
    /// What the events take in memory, by and large.
    package private(set) var byteCount = 0
    /// The number of the last event; 0 before the first.
    package private(set) var head: UInt64 = 0

    package init(epoch: String, limits: RecoveryLimits) {
        self.epoch = epoch
        self.limits = limits
    }

    /// What a client is told and tells us again.
    package func offset(_ number: UInt64) -> String { "\(self.epoch)-\(number)" }

    /// The number of an offset of ours; nil if it is not ours.
    package func number(of offset: String) -> UInt64? {
        let parts = offset.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == self.epoch, let number = UInt64(parts[1]), number <= self.head else {
            return nil
        }
        return number
    }

    /// - Parameter make: gets the number that the event will have.
    package mutating func append(
        rooms: Set<String>, except: Set<String>, byteCount: Int, now: MonotonicTime, _ make: (UInt64) -> Item
    ) -> Entry {
        self.head += 1
        let entry = Entry(
            number: self.head, item: make(self.head), rooms: rooms, except: except,
            // An event with nothing in it takes memory, too.
            byteCount: byteCount + 256, time: now)
        self.entries.append(entry)
        self.byteCount += entry.byteCount
        self.prune(now: now)
        return entry
    }

    /// Forgets what is too old or too much.
    package mutating func prune(now: MonotonicTime) {
        while let first = self.entries.first,
            self.entries.count > self.limits.maximumEventCount || self.byteCount > self.limits.maximumByteCount
                || first.time.duration(to: now) > self.limits.maximumDisconnection
        {
            self.removeFirst()
        }
    }

    package var isEmpty: Bool { self.entries.isEmpty }

    /// Forgets the oldest event that is there.
    package mutating func removeFirst() {
        self.byteCount -= self.entries.removeFirst().byteCount
    }

    /// All events after `number`, or nil if some of them are forgotten.
    package func entries(after number: UInt64) -> Deque<Entry>.SubSequence? {
        let first = self.entries.first?.number ?? self.head + 1
        guard number + 1 >= first, number <= self.head else { return nil }
        // Cannot trap: `number + 1 - first` is at most the count, and counts are small.
        return self.entries.dropFirst(Int(number + 1 - first))
    }
}

/// Bounds of what is kept for sockets that may come back.
package struct RecoveryLimits: Sendable, Hashable {
    package var maximumDisconnection: Duration
    package var maximumEventCount: Int
    package var maximumByteCount: Int

    package init(maximumDisconnection: Duration, maximumEventCount: Int, maximumByteCount: Int) {
        self.maximumDisconnection = maximumDisconnection
        self.maximumEventCount = maximumEventCount
        self.maximumByteCount = maximumByteCount
    }
}
