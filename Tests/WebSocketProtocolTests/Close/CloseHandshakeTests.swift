import Testing
import WebSocketProtocol

@Suite("Closing handshake (§7)")
struct CloseHandshakeTests {
    private typealias Phase = CloseHandshake.Phase

    /// Everything that can happen to the machine.
    private enum Input: CaseIterable, Hashable {
        case close, fail, receivedClose, deadlineReached, tooEarly, transportClosed
    }

    /// Any machine's answer.
    private enum Action: Equatable {
        case close(CloseHandshake.CloseAction)
        case fail(CloseHandshake.FailAction)
        case receivedClose(CloseHandshake.ReceivedCloseAction)
        case deadline(CloseHandshake.DeadlineAction)
        case closed(CloseOutcome)
    }

    private static let timeout = Duration.seconds(5)
    private static let start = MonotonicTime(nanoseconds: 1_000)
    private static let later = start.advanced(by: .seconds(2))
    private static let ours = ClosePayload(uncheckedCode: .goingAway, reason: "ours")
    private static let theirs = ClosePayload(uncheckedCode: 3001, reason: "theirs")
    private static let echo = ClosePayload(uncheckedCode: 3001, reason: "")
    private static let failure = ClosePayload(.textNotUTF8)

    private static let allPhases: [Phase] = [.open, .closeSent, .closing, .closed]

    /// A machine in the phase; `closing` and `closed` are reached through a Close of the peer.
    private func machine(in phase: Phase, role: Role) -> CloseHandshake {
        var machine = CloseHandshake(role: role, timeout: Self.timeout)
        switch phase {
        case .open: break
        case .closeSent: _ = machine.close(Self.ours, now: Self.start)
        case .closing: _ = machine.receivedClose(Self.theirs, now: Self.start)
        case .closed:
            _ = machine.receivedClose(Self.theirs, now: Self.start)
            _ = machine.transportClosed()
        }
        return machine
    }

    private func apply(_ input: Input, to machine: inout CloseHandshake) -> Action {
        switch input {
        case .close: .close(machine.close(Self.ours, now: Self.later))
        case .fail: .fail(machine.fail(Self.failure, violation: .textNotUTF8, now: Self.later))
        case .receivedClose: .receivedClose(machine.receivedClose(Self.theirs, now: Self.later))
        case .deadlineReached: .deadline(machine.deadlineReached(now: Self.start.advanced(by: Self.timeout)))
        case .tooEarly: .deadline(machine.deadlineReached(now: Self.later))
        case .transportClosed: .closed(machine.transportClosed())
        }
    }

    private struct Row {
        var phase: Phase
        var input: Input
        var action: Action
        var next: Phase
        init(_ phase: Phase, _ input: Input, _ action: Action, _ next: Phase) {
            (self.phase, self.input, self.action, self.next) = (phase, input, action, next)
        }
    }

    private func table(_ role: Role) -> [Row] {
        let transport: CloseHandshake.TransportAction = role == .server ? .closeNow : .awaitPeer
        let dropped = CloseOutcome(sent: nil, received: nil, initiator: .remote)
        let unanswered = CloseOutcome(sent: Self.ours, received: nil, initiator: .local)
        let answered = CloseOutcome(sent: Self.echo, received: Self.theirs, initiator: .remote)
        return [
            Row(.open, .close, .close(.sendClose(Self.ours)), .closeSent),
            Row(.open, .fail, .fail(.sendCloseAndCloseTransport(Self.failure)), .closing),
            Row(.open, .receivedClose, .receivedClose(.reply(Self.echo, transport: transport)), .closing),
            Row(.open, .deadlineReached, .deadline(.wait), .open),
            Row(.open, .tooEarly, .deadline(.wait), .open),
            Row(.open, .transportClosed, .closed(dropped), .closed),

            Row(.closeSent, .close, .close(.ignore), .closeSent),
            Row(.closeSent, .fail, .fail(.closeTransport), .closing),
            Row(.closeSent, .receivedClose, .receivedClose(.finish(transport: transport)), .closing),
            Row(.closeSent, .deadlineReached, .deadline(.dropTransport), .closeSent),
            Row(.closeSent, .tooEarly, .deadline(.wait), .closeSent),
            Row(.closeSent, .transportClosed, .closed(unanswered), .closed),

            Row(.closing, .close, .close(.ignore), .closing),
            Row(.closing, .fail, .fail(.ignore), .closing),
            Row(.closing, .receivedClose, .receivedClose(.ignore), .closing),
            Row(.closing, .deadlineReached, .deadline(.dropTransport), .closing),
            Row(.closing, .tooEarly, .deadline(.wait), .closing),
            Row(.closing, .transportClosed, .closed(answered), .closed),

            Row(.closed, .close, .close(.ignore), .closed),
            Row(.closed, .fail, .fail(.ignore), .closed),
            Row(.closed, .receivedClose, .receivedClose(.ignore), .closed),
            Row(.closed, .deadlineReached, .deadline(.wait), .closed),
            Row(.closed, .tooEarly, .deadline(.wait), .closed),
            Row(.closed, .transportClosed, .closed(answered), .closed),
        ]
    }

    @Test(
        "Every input in every phase does what the table says",
        .requirement(126, 127, 129, 150, 151, 152, 153, 159, 160, 165),
        arguments: [Role.client, .server]
    )
    func table(role: Role) {
        let rows = self.table(role)
        for phase in Self.allPhases {
            for input in Input.allCases {
                let matching = rows.filter { $0.phase == phase && $0.input == input }
                guard let row = matching.first, matching.count == 1 else {
                    Issue.record("\(phase) and \(input) must stand in the table once")
                    continue
                }
                var machine = self.machine(in: phase, role: role)
                #expect(machine.phase == phase)
                let action = self.apply(input, to: &machine)
                let next = machine.phase
                #expect(action == row.action, "\(input) in \(phase)")
                #expect(next == row.next, "\(input) in \(phase)")
            }
        }
    }

    @Test("After three inputs of any kind the promises still hold", arguments: [Role.client, .server])
    func sequences(role: Role) {
        for first in Input.allCases {
            for second in Input.allCases {
                for third in Input.allCases {
                    var machine = CloseHandshake(role: role, timeout: Self.timeout)
                    var closeFrameCount = 0
                    for input in [first, second, third] {
                        let before = machine.phase
                        switch self.apply(input, to: &machine) {
                        case .close(.sendClose), .fail(.sendCloseAndCloseTransport), .receivedClose(.reply):
                            closeFrameCount += 1
                        default: break
                        }
                        let after = machine.phase
                        // Forward only: open, closeSent, closing, closed.
                        let order = Self.allPhases
                        #expect((order.firstIndex(of: before) ?? 9) <= (order.firstIndex(of: after) ?? -1))
                        let hasOutcome = machine.outcome != nil
                        let hasDeadline = machine.deadline != nil
                        #expect(hasOutcome == (after == .closed))
                        #expect(hasDeadline == (after == .closeSent || after == .closing))
                    }
                    #expect(closeFrameCount <= 1, "\(first), \(second), \(third)")
                }
            }
        }
    }

    @Test("Data may be sent before our Close only, and received until the peer's", .requirement(126, 141, 160))
    func flow() {
        let expected: [(Phase, canSend: Bool, canReceive: Bool)] = [
            (.open, true, true), (.closeSent, false, true), (.closing, false, false), (.closed, false, false),
        ]
        for (phase, maySend, mayReceive) in expected {
            let machine = self.machine(in: phase, role: .server)
            let (canSend, canReceive) = (machine.canSend, machine.canReceive)
            #expect(canSend == maySend && canReceive == mayReceive, "\(phase)")
        }
    }

    @Test("The reply echoes the code and leaves the reason out (§5.5.1)", .requirement(127))
    func echoesCode() {
        for role: Role in [.client, .server] {
            for code: CloseCode in [1000, 1001, 1003, 1008, 1012, 3000, 4999] {
                var machine = CloseHandshake(role: role, timeout: Self.timeout)
                let action = machine.receivedClose(ClosePayload(uncheckedCode: code, reason: "why"), now: Self.start)
                guard case .reply(let payload, _) = action else {
                    Issue.record("\(action)")
                    continue
                }
                #expect(payload == ClosePayload(uncheckedCode: code, reason: ""))
            }
        }
    }

    @Test("A Close without a code is answered by one without a code", .requirement(127, 155))
    func echoesEmpty() {
        var machine = CloseHandshake(role: .server, timeout: Self.timeout)
        let action = machine.receivedClose(.empty, now: Self.start)
        #expect(action == .reply(.empty, transport: .closeNow))
        let outcome = machine.transportClosed()
        #expect(outcome.code == .noStatusReceived && outcome.wasClean)
    }

    @Test("A server does not echo 1010, which is a client's word (§7.4.1)", .requirement(174))
    func mandatoryExtensionIsNotEchoed() {
        let received = ClosePayload(uncheckedCode: .mandatoryExtension, reason: "x-needed")
        var server = CloseHandshake(role: .server, timeout: Self.timeout)
        let fromServer = server.receivedClose(received, now: Self.start)
        #expect(
            fromServer == .reply(ClosePayload(uncheckedCode: .normalClosure, reason: ""), transport: .closeNow)
        )
        let outcome = server.transportClosed()
        #expect(outcome.code == .mandatoryExtension && outcome.reason == "x-needed")
    }

    @Test("A server closes the transport at once, a client waits for it (§7.1.1)", .requirement(129, 150, 151))
    func whoClosesFirst() {
        var server = CloseHandshake(role: .server, timeout: Self.timeout)
        _ = server.close(Self.ours, now: Self.start)
        let fromServer = server.receivedClose(Self.theirs, now: Self.start)
        #expect(fromServer == .finish(transport: .closeNow))
        var client = CloseHandshake(role: .client, timeout: Self.timeout)
        _ = client.close(Self.ours, now: Self.start)
        let fromClient = client.receivedClose(Self.theirs, now: Self.later)
        #expect(fromClient == .finish(transport: .awaitPeer))
        let deadline = client.deadline
        #expect(deadline == Self.later.advanced(by: Self.timeout), "the wait for the transport has its own deadline")
    }

    @Test("A peer that never answers our Close is dropped at the deadline, not before", .requirement(165))
    func deadline() {
        var machine = CloseHandshake(role: .server, timeout: Self.timeout)
        let none = machine.deadline
        #expect(none == nil)
        _ = machine.close(Self.ours, now: Self.start)
        let deadline = machine.deadline
        #expect(deadline == Self.start.advanced(by: Self.timeout))
        let before = machine.deadlineReached(now: MonotonicTime(nanoseconds: Self.start.nanoseconds + 4_999_999_999))
        #expect(before == .wait)
        let at = machine.deadlineReached(now: MonotonicTime(nanoseconds: Self.start.nanoseconds + 5_000_000_000))
        #expect(at == .dropTransport)
        let outcome = machine.transportClosed()
        #expect(outcome == CloseOutcome(sent: Self.ours, received: nil, initiator: .local))
        #expect(outcome.code == .abnormalClosure && !outcome.wasClean)
    }

    @Test("A second close changes neither the frame nor the deadline", .requirement(165))
    func closeTwice() {
        var machine = self.machine(in: .closeSent, role: .client)
        let before = machine.deadline
        let action = machine.close(.empty, now: Self.later)
        let after = machine.deadline
        #expect(action == .ignore)
        #expect(after == before)
        let outcome = machine.transportClosed()
        #expect(outcome.sent == Self.ours)
    }

    @Test("A failure tells the peer why, and the outcome names the rule (§7.1.7)", .requirement(154, 159))
    func failure() {
        var machine = CloseHandshake(role: .server, timeout: Self.timeout)
        let action = machine.fail(Self.failure, violation: .textNotUTF8, now: Self.start)
        #expect(action == .sendCloseAndCloseTransport(Self.failure))
        let outcome = machine.transportClosed()
        #expect(
            outcome == CloseOutcome(sent: Self.failure, received: nil, initiator: .local, violation: .textNotUTF8)
        )
        #expect(outcome.code == .abnormalClosure && !outcome.wasClean)
    }

    @Test("A violation after our Close sends no second Close", .requirement(126, 159))
    func failureAfterClose() {
        var machine = self.machine(in: .closeSent, role: .server)
        let action = machine.fail(Self.failure, violation: .textNotUTF8, now: Self.later)
        #expect(action == .closeTransport)
        let outcome = machine.transportClosed()
        #expect(outcome.sent == Self.ours && outcome.received == nil && outcome.violation == .textNotUTF8)
    }

    @Test("When both close at once, each is the initiator of its own closing", .requirement(129, 154))
    func simultaneous() {
        var machine = self.machine(in: .closeSent, role: .client)
        _ = machine.receivedClose(Self.theirs, now: Self.later)
        let outcome = machine.transportClosed()
        #expect(outcome == CloseOutcome(sent: Self.ours, received: Self.theirs, initiator: .local))
        #expect(outcome.wasClean && outcome.code == 3001)
    }

    @Test("A lost transport without any Close is 1006, begun by the peer", .requirement(155, 157))
    func lostTransport() {
        var machine = CloseHandshake(role: .client, timeout: Self.timeout)
        let outcome = machine.transportClosed()
        #expect(outcome == CloseOutcome(sent: nil, received: nil, initiator: .remote))
        #expect(outcome.code == .abnormalClosure)
        let again = machine.transportClosed()
        let stored = machine.outcome
        #expect(again == outcome && stored == outcome)
    }
}
