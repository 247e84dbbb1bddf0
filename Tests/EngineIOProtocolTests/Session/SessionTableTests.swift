import Testing
import WebSocketProtocol

@testable import EngineIOProtocol

/// Every input in every state: what the session says to do, and where it is then.
@Suite struct SessionTableTests {
    /// How to get to a state. `polled`: a GET waits. `pushing`: a POST is coming in. `answered`: the probe has its answer.
    static let states: [(name: String, make: @Sendable () -> Box)] = [
        ("polling", { Box(.polling) }),
        ("polled", { Box(.polling) { _ = $0.pollArrived(hasOutbound: false) } }),
        ("pushing", { Box(.polling) { _ = $0.pushBegan() } }),
        ("probing", { Box(.polling) { _ = $0.upgradeRequested(now: .zero) } }),
        (
            "probing polled",
            {
                Box(.polling) {
                    _ = $0.pollArrived(hasOutbound: false)
                    _ = $0.upgradeRequested(now: .zero)
                }
            }
        ),
        (
            "answered",
            {
                Box(.polling) {
                    _ = $0.upgradeRequested(now: .zero)
                    _ = $0.receivedOnProbe(.ping, isProbe: true, now: .zero)
                }
            }
        ),
        (
            "answered polled",
            {
                Box(.polling) {
                    _ = $0.upgradeRequested(now: .zero)
                    _ = $0.receivedOnProbe(.ping, isProbe: true, now: .zero)
                    _ = $0.pollArrived(hasOutbound: false)
                }
            }
        ),
        ("webSocket", { Box(.webSocket) }),
        ("closing", { Box(.polling) { _ = $0.close(now: .zero) } }),
        ("closed", { Box(.polling) { _ = $0.fail() } }),
    ]

    static let inputs: [(name: String, give: @Sendable (Box) -> String)] = [
        ("poll", { "\($0.machine.pollArrived(hasOutbound: false))" }),
        ("poll, packets wait", { "\($0.machine.pollArrived(hasOutbound: true))" }),
        ("poll aborted", { "\($0.machine.pollAborted())" }),
        ("flush", { "\($0.machine.flush())" }),
        ("push", { "\($0.machine.pushBegan())" }),
        (
            "push ended",
            {
                $0.machine.pushEnded()
                return "-"
            }
        ),
        ("push aborted", { "\($0.machine.pushAborted())" }),
        ("open", { "\($0.machine.received(.open, now: .zero))" }),
        ("close", { "\($0.machine.received(.close, now: .zero))" }),
        ("ping", { "\($0.machine.received(.ping, now: .zero))" }),
        ("pong", { "\($0.machine.received(.pong, now: .zero))" }),
        ("message", { "\($0.machine.received(.message, now: .zero))" }),
        ("upgrade", { "\($0.machine.received(.upgrade, now: .zero))" }),
        ("noop", { "\($0.machine.received(.noop, now: .zero))" }),
        ("upgrade requested", { "\($0.machine.upgradeRequested(now: .zero))" }),
        ("probe", { "\($0.machine.receivedOnProbe(.ping, isProbe: true, now: .zero))" }),
        ("ping on probe", { "\($0.machine.receivedOnProbe(.ping, isProbe: false, now: .zero))" }),
        ("upgrade on probe", { "\($0.machine.receivedOnProbe(.upgrade, isProbe: false, now: .zero))" }),
        ("message on probe", { "\($0.machine.receivedOnProbe(.message, isProbe: false, now: .zero))" }),
        (
            "probe closed",
            {
                $0.machine.probeClosed()
                return "-"
            }
        ),
        ("close in order", { "\($0.machine.close(now: .zero))" }),
        ("fail", { "\($0.machine.fail())" }),
        ("socket closed", { "\($0.machine.webSocketClosed(isError: false))" }),
        ("socket failed", { "\($0.machine.webSocketClosed(isError: true))" }),
        ("time passes", { "\($0.machine.deadlineReached(now: .milliseconds(1)))" }),
        ("long after", { "\($0.machine.deadlineReached(now: .milliseconds(3_600_000)))" }),
    ]

    @Test("Every input in every state", arguments: inputs.map(\.name))
    func table(input: String) throws {
        let give = try #require(SessionTableTests.inputs.first { $0.name == input }?.give)
        let expected = try #require(SessionTableTests.expected[input])
        try #require(expected.count == SessionTableTests.states.count)
        for ((name, make), expected) in zip(SessionTableTests.states, expected) {
            let box = make()
            let action = give(box)
            #expect("\(action) → \(box.phase)" == expected, "\(input) while \(name)")
        }
    }

    @Test("The table has no more rows than there are inputs")
    func complete() {
        #expect(Set(SessionTableTests.expected.keys) == Set(SessionTableTests.inputs.map(\.name)))
    }
}
