import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("The closing handshake, in every order (§7)", .timeLimit(.minutes(1)))
struct CloseHandshakeTests {
    private func outcome(
        _ sent: UInt16?,
        _ received: (UInt16, String)?,
        _ initiator: CloseOutcome.Initiator,
        _ violation: ProtocolViolation? = nil
    ) -> CloseOutcome {
        CloseOutcome(
            sent: sent.map { ClosePayload(uncheckedCode: CloseCode(rawValue: $0), reason: "") },
            received: received.map { ClosePayload(uncheckedCode: CloseCode(rawValue: $0.0), reason: $0.1) },
            initiator: initiator,
            violation: violation
        )
    }

    @Test(
        "A server that closes first: Close, the peer's Close, then it closes TCP (§7.1.1, §7.1.2)",
        .requirement(150, 152, 153))
    func serverFirst() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        let close = wire.start { try await connection.close(code: 1001, reason: "bye") }
        #expect(try wire.takeFrames() == [.close(1001, "bye")])
        #expect(!wire.transport.isOutputClosed)
        try wire.receive(.text("still under way"), .close(1001))
        #expect(wire.transport.isOutputClosed)
        #expect(try wire.takeFrames().isEmpty)
        #expect(close.isSuspended, "closed means that the transport is gone too (§7.1.4)")
        wire.dropTransport()
        #expect(close.value?.wasClean == true)
        #expect(close.value?.sent?.reason == "bye")
        #expect(close.value?.initiator == .local)
    }

    @Test(
        "A server that is asked to close: it echoes the code and closes TCP at once (§5.5.1, §7.1.1)",
        .requirement(127, 129, 150))
    func serverSecond() throws {
        let wire = try Wire(.server)
        try wire.receive(.close(4001, "done"))
        #expect(try wire.takeFrames() == [.close(4001)])
        #expect(wire.transport.isOutputClosed)
        wire.dropTransport()
        #expect(wire.outcome == self.outcome(4001, (4001, "done"), .remote))
        #expect(wire.outcome?.code == 4001)
        #expect(wire.outcome?.reason == "done")
    }

    @Test(
        "A client waits for the server to close TCP, whoever began (§7.1.1)", .requirement(129, 151),
        arguments: [true, false])
    func clientWaits(isOurs: Bool) throws {
        let wire = try Wire(.client)
        if isOurs { try wire.connection.startClosing() }
        try wire.receive(.close(1000))
        #expect(try wire.takeFrames().map(\.unmasked) == [.close(1000)])
        #expect(!wire.transport.isOutputClosed)
        #expect(wire.outcome == nil)
        wire.dropTransport()
        #expect(wire.outcome == self.outcome(1000, (1000, ""), isOurs ? .local : .remote))
    }

    @Test("Both sides close at the same time: one Close each (§5.5.1)", .requirement(127, 153))
    func crossing() throws {
        for role in [Role.server, .client] {
            let wire = try Wire(role)
            try wire.connection.startClosing(code: 4000)
            try wire.receive(.close(4999))
            wire.dropTransport()
            #expect(try wire.takeFrames().map(\.unmasked) == [.close(4000)])
            #expect(wire.outcome == self.outcome(4000, (4999, ""), .local))
        }
    }

    @Test("A Close without a code is answered by one, and reported as 1005 (§7.1.5)", .requirement(155, 169))
    func noCode() throws {
        let wire = try Wire(.server)
        try wire.receive(.close(nil))
        #expect(try wire.takeFrames() == [.close(nil)])
        wire.dropTransport()
        #expect(wire.outcome?.code == .noStatusReceived)
        #expect(wire.outcome?.reason == "")
    }

    @Test("A server answers a client's 1010 without echoing it (§7.4.1)", .requirement(174))
    func mandatoryExtension() throws {
        let wire = try Wire(.server)
        try wire.receive(.close(1010, "permessage-deflate"))
        #expect(try wire.takeFrames() == [.close(1000)])
        wire.dropTransport()
        #expect(wire.outcome?.code == .mandatoryExtension)
    }

    @Test("The transport ends without a Close: 1006, and iteration throws (§7.1.5)", .requirement(155, 157))
    func lostTransport() throws {
        let wire = try Wire(.client)
        let connection = wire.connection
        let messages = wire.start { for try await _ in connection.messages {} }
        wire.dropTransport()
        #expect(wire.outcome == self.outcome(nil, nil, .remote))
        #expect(wire.outcome?.code == .abnormalClosure)
        #expect(wire.outcome?.wasClean == false)
        #expect((messages.error as? ConnectionClosedError)?.outcome == wire.outcome)
    }

    @Test("The transport ends after our Close, before the peer's: not clean (§7.1.4)", .requirement(154, 155))
    func lostTransportWhileClosing() throws {
        let wire = try Wire(.server)
        try wire.connection.startClosing()
        wire.dropTransport()
        #expect(wire.outcome == self.outcome(1000, nil, .local))
        #expect(wire.outcome?.wasClean == false)
    }

    @Test("Iteration ends quietly after 1000, 1001 and no code, and throws after others (§7.4.1)", .requirement(155))
    func iterationEnds() throws {
        for (code, isOrdinary) in [(1000, true), (1001, true), (nil, true), (1011, false), (4000, false)]
            as [(UInt16?, Bool)]
        {
            let wire = try Wire(.server)
            let connection = wire.connection
            let messages = wire.start {
                var count = 0
                for try await _ in connection.messages { count += 1 }
                return count
            }
            try wire.receive(.text("a"), .close(code))
            wire.dropTransport()
            #expect((messages.value == 1) == isOrdinary, "\(code ?? 1005)")
            #expect((messages.error is ConnectionClosedError) == !isOrdinary, "\(code ?? 1005)")
        }
    }

    @Test("Messages received before the end are still there after it (§6.2)", .requirement(146))
    func messagesAfterClose() throws {
        let wire = try Wire(.server)
        try wire.receive(.text("1"), .text("2"), .close(1000))
        wire.dropTransport()
        let connection = wire.connection
        let messages = wire.start {
            var texts: [String?] = []
            for try await message in connection.messages { texts.append(message.text) }
            return texts
        }
        #expect(messages.value == ["1", "2"])
    }

    @Test(
        "Closing twice sends one Close; both callers hear the end, also those who ask later (§5.5.1)", .requirement(126)
    )
    func twice() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        let first = wire.start { try await connection.close(code: 4000) }
        let second = wire.start { try await connection.close(code: 4001) }
        #expect(try wire.takeFrames() == [.close(4000)])
        try wire.receive(.close(4000))
        wire.dropTransport()
        let third = wire.start { try await connection.close() }
        let fourth = wire.start { await connection.closed }
        var called: CloseOutcome?
        connection.onClose { called = $0 }
        for outcome in [first.value, second.value, third.value, fourth.value, called] {
            #expect(outcome == self.outcome(4000, (4000, ""), .local))
        }
    }

    @Test(
        "Codes that are not for the wire are refused before anything is sent (§7.4.1, §7.4.2)",
        .requirement(169, 167),
        arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2999, 5000, 65535] as [UInt16]
    )
    func unsendableCodes(code: UInt16) throws {
        let wire = try Wire(.client)
        let connection = wire.connection
        let close = wire.start { try await connection.close(code: CloseCode(rawValue: code)) }
        #expect(close.error as? CloseArgumentError == .codeNotSendable(CloseCode(rawValue: code)))
        #expect(try wire.takeFrames().isEmpty)
        #expect(wire.handler.closing.phase == .open)
    }

    @Test("A reason over 123 bytes is refused; one of 123 bytes is sent whole (§5.5)", .requirement(168))
    func longReason() throws {
        let wire = try Wire(.server)
        let reason = String(repeating: "ü", count: 61) + "!"
        #expect(throws: CloseArgumentError.reasonTooLong(byteCount: 124)) {
            try wire.connection.startClosing(reason: reason + "!")
        }
        try wire.connection.startClosing(reason: reason)
        wire.run()
        #expect(try wire.takeFrames() == [.close(1000, reason)])
    }

    @Test("A Close may have no code (§5.5.1)", .requirement(152))
    func ourCloseWithoutCode() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        let close = wire.start { try await connection.close(code: nil) }
        #expect(try wire.takeFrames() == [RawFrame(opcode: 8, payload: [])])
        try wire.receive(.close(1000))
        wire.dropTransport()
        #expect(close.value?.sent == .empty)
    }

    @Test("Only a client may send 1010 (§7.4.1)", .requirement(174))
    func sendingMandatoryExtension() throws {
        #expect(throws: CloseArgumentError.self) { try Wire(.server).connection.startClosing(code: 1010) }
        try Wire(.client).connection.startClosing(code: 1010)
    }
}
