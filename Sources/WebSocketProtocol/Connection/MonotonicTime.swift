/// A point on a clock that never goes back. The pure modules get it as `now:` and give it out as a deadline.
public struct MonotonicTime: Sendable, Hashable, Comparable {
    /// Nanoseconds since an origin that only the clock knows.
    public let nanoseconds: Int64

    @inlinable
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    @inlinable
    public static func < (lhs: MonotonicTime, rhs: MonotonicTime) -> Bool {
        lhs.nanoseconds < rhs.nanoseconds
    }

    /// The time `duration` later; saturates instead of overflowing, so that an absurdly long limit means "never".
    public func advanced(by duration: Duration) -> MonotonicTime {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(duration.clampedNanoseconds)
        return MonotonicTime(nanoseconds: overflow ? .max : sum)
    }

    public func duration(to later: MonotonicTime) -> Duration {
        .nanoseconds(later.nanoseconds.subtractingReportingOverflow(self.nanoseconds).partialValue)
    }
}

extension Duration {
    /// Whole nanoseconds, from 0 to `Int64.max`.
    package var clampedNanoseconds: Int64 {
        let (seconds, attoseconds) = self.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || carry ? .max : sum
    }
}
