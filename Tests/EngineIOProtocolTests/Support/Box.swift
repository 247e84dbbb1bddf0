import WebSocketProtocol

@testable import EngineIOProtocol

/// A session for tests to hand around: the machine itself can't be copied, which macros want.
final class Box {
    var machine: SessionStateMachine

    init(_ transport: EngineIOTransport, _ change: (inout SessionStateMachine) -> Void = { _ in }) {
        self.machine = SessionStateMachine(transport: transport, timing: .test, now: .zero)
        change(&self.machine)
    }

    var phase: SessionStateMachine.Phase { self.machine.phase }
    var isOpen: Bool { self.machine.isOpen }
    var isPolled: Bool { self.machine.isPolled }
    var transport: EngineIOTransport { self.machine.transport }
    var deadline: MonotonicTime? { self.machine.deadline }

    func pollArrived(hasOutbound: Bool, fitsOneAnswer: Bool = true) -> SessionStateMachine.PollArrivedAction {
        self.machine.pollArrived(hasOutbound: hasOutbound, fitsOneAnswer: fitsOneAnswer)
    }

    func flush() -> SessionStateMachine.FlushAction { self.machine.flush() }
    func pushBegan() -> SessionStateMachine.PushBeganAction { self.machine.pushBegan() }
    func pushEnded() { self.machine.pushEnded() }

    func upgradeRequested(now: MonotonicTime) -> SessionStateMachine.UpgradeRequestedAction {
        self.machine.upgradeRequested(now: now)
    }

    @discardableResult
    func receivedOnProbe(
        _ type: PacketType, isProbe: Bool, now: MonotonicTime
    ) -> SessionStateMachine.ProbeAction {
        self.machine.receivedOnProbe(type, isProbe: isProbe, now: now)
    }

    func probeClosed() { self.machine.probeClosed() }

    func received(_ type: PacketType, now: MonotonicTime) -> SessionStateMachine.ReceivedAction {
        self.machine.received(type, now: now)
    }

    func close(now: MonotonicTime) -> SessionStateMachine.CloseAction { self.machine.close(now: now) }
    func fail() -> Bool { self.machine.fail() }

    func deadlineReached(now: MonotonicTime) -> SessionStateMachine.DeadlineAction {
        self.machine.deadlineReached(now: now)
    }
}

extension SessionTiming {
    static let test = SessionTiming(
        pingInterval: .seconds(25), pingTimeout: .seconds(20), upgradeTimeout: .seconds(10))
}

extension MonotonicTime {
    static let zero = MonotonicTime(nanoseconds: 0)

    static func milliseconds(_ milliseconds: Int64) -> MonotonicTime {
        MonotonicTime(nanoseconds: milliseconds * 1_000_000)
    }
}
