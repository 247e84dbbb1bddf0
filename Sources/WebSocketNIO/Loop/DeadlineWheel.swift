internal import NIOCore
package import WebSocketProtocol

/// Something that wants to be told when a time has come.
package protocol DeadlineTarget: AnyObject {
    /// The slot of the wheel it is in; owned by the wheel.
    var deadlineTick: Int64? { get set }
    /// - Returns: when to be called next, or nil for never.
    func deadlineReached(now: MonotonicTime) -> MonotonicTime?
}

/// One timer per event loop for all deadlines of all its connections: a wheel of slots, each 50 ms wide.
///
/// A deadline fires up to one slot late and never early. Setting one costs a dictionary insertion; a connection that
/// keeps moving its deadline later need not touch the wheel, it says so when it is called.
package final class DeadlineWheel {
    package static let tickNanoseconds: Int64 = 50_000_000
    private static let slotCount: Int64 = 1024

    private let eventLoop: any EventLoop
    private var slots: [[ObjectIdentifier: Entry]]
    private var count = 0
    /// The last tick whose slot was looked at.
    private var currentTick: Int64 = 0
    private var isRunning = false

    private struct Entry {
        let target: any DeadlineTarget
        let deadline: MonotonicTime
    }

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.slots = Array(repeating: [:], count: Int(DeadlineWheel.slotCount))
    }

    package static func now() -> MonotonicTime {
        MonotonicTime(nanoseconds: Int64(clamping: NIODeadline.now().uptimeNanoseconds))
    }

    /// The event loop's own clock, which tests move by hand.
    private var now: MonotonicTime {
        MonotonicTime(nanoseconds: Int64(clamping: self.eventLoop.now.uptimeNanoseconds))
    }

    /// Calls the target at or shortly after `deadline`, instead of any earlier wish of its.
    package func schedule(_ target: any DeadlineTarget, at deadline: MonotonicTime) {
        self.remove(target)
        if !self.isRunning {
            self.currentTick = self.now.nanoseconds / DeadlineWheel.tickNanoseconds
        }
        let (rounded, overflow) = deadline.nanoseconds.addingReportingOverflow(DeadlineWheel.tickNanoseconds - 1)
        let wanted = (overflow ? Int64.max : rounded) / DeadlineWheel.tickNanoseconds
        // A deadline beyond one turn of the wheel is looked at once per turn and put back.
        let tick = min(max(wanted, self.currentTick + 1), self.currentTick + DeadlineWheel.slotCount - 1)
        target.deadlineTick = tick
        self.slots[Int(tick % DeadlineWheel.slotCount)][ObjectIdentifier(target)] = Entry(
            target: target, deadline: deadline)
        self.count += 1
        self.start()
    }

    package func remove(_ target: any DeadlineTarget) {
        guard let tick = target.deadlineTick else { return }
        target.deadlineTick = nil
        self.slots[Int(tick % DeadlineWheel.slotCount)][ObjectIdentifier(target)] = nil
        self.count -= 1
    }

    private func start() {
        guard !self.isRunning else { return }
        self.isRunning = true
        self.scheduleTick()
    }

    private func scheduleTick() {
        let next = (self.currentTick + 1) * DeadlineWheel.tickNanoseconds
        self.eventLoop.assumeIsolated().scheduleTask(deadline: .uptimeNanoseconds(UInt64(clamping: next))) {
            self.tick()
        }
    }

    private func tick() {
        let now = self.now
        let nowTick = now.nanoseconds / DeadlineWheel.tickNanoseconds
        // After a long stall each slot is looked at once, not once per missed turn.
        let first = max(self.currentTick + 1, nowTick - DeadlineWheel.slotCount + 1)
        self.currentTick = max(self.currentTick, nowTick)
        if first <= nowTick {
            for tick in first...nowTick {
                let index = Int(tick % DeadlineWheel.slotCount)
                guard !self.slots[index].isEmpty else { continue }
                let due = self.slots[index].values.filter { $0.target.deadlineTick == tick }
                for entry in due where entry.target.deadlineTick == tick {
                    self.remove(entry.target)
                    // One beyond a turn of the wheel is not due yet.
                    let next = entry.deadline > now ? entry.deadline : entry.target.deadlineReached(now: now)
                    if let next { self.schedule(entry.target, at: next) }
                }
            }
        }
        if self.count > 0 {
            self.scheduleTick()
        } else {
            self.isRunning = false
        }
    }
}
