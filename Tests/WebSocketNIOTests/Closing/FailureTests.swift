import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("Failing a connection (§7.1.7)", .timeLimit(.minutes(1)))
struct FailureTests {
    @Test(
        "A violation: Close with its code, our side of TCP closed, reads go on so that it arrives (§7.1.7)",
        .requirement(149, 159, 160, 191))
    func violation() throws {
        for role in [Role.server, .client] {
            let wire = try Wire(role)
            wire.collect()
            try wire.receive(RawFrame(reserved: 2, opcode: 1, payload: []))
            #expect(try wire.takeFrames().map(\.unmasked) == [.close(1002, ProtocolViolation.reservedBits.rule)])
            #expect(wire.transport.isOutputClosed)
            let readCount = wire.transport.readCount
            wire.channel.read()
            #expect(wire.transport.readCount == readCount + 1)
            try wire.receive(.text("no longer counts"), .ping([1]), .close(1000))
            #expect(try wire.takeFrames().isEmpty)
            #expect(wire.messages.isEmpty)
            wire.dropTransport()
            #expect(wire.outcome?.violation == .reservedBits)
            #expect(wire.outcome?.received == nil)
        }
    }

    @Test("A violation after our Close: no second Close (§5.5.1)", .requirement(126, 160))
    func afterOurClose() throws {
        let wire = try Wire(.server)
        try wire.connection.startClosing(code: 4000)
        try wire.receive(RawFrame(opcode: 5, payload: []))
        #expect(try wire.takeFrames() == [.close(4000)])
        #expect(wire.transport.isOutputClosed)
        wire.dropTransport()
        #expect(wire.outcome?.violation == .reservedOpcode)
        #expect(wire.outcome?.sent?.code == 4000)
    }

    @Test("A violation after the peer's Close does not count (§7.1.7)", .requirement(160))
    func afterPeersClose() throws {
        let wire = try Wire(.client)
        try wire.receive(.close(1000), RawFrame(opcode: 5, payload: []))
        wire.dropTransport()
        #expect(wire.outcome?.violation == nil)
        #expect(wire.outcome?.wasClean == true)
    }

    @Test(
        "An error of the transport after the end changes nothing, before it ends the connection (§7.2.1)",
        .requirement(157))
    func transportErrors() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        let ping = wire.start { try await connection.ping() }
        wire.breakTransport()
        #expect(wire.outcome?.code == .abnormalClosure)
        #expect(ping.error is ConnectionClosedError)
        let first = wire.outcome
        wire.breakTransport()
        wire.dropTransport()
        #expect(wire.outcome == first)
    }

    @Test("A callback that closes the connection while messages of its read still wait", .requirement(160, 166))
    func closeInsideCallback() throws {
        let wire = try Wire(.server)
        var texts: [String?] = []
        wire.connection.onMessage { connection, message in
            texts.append(message.text)
            if texts.count == 2 { connection.handler.drop() }
        }
        try wire.receive(.text("1"), .text("2"), .text("3"))
        #expect(texts == ["1", "2"])
        #expect(wire.outcome?.code == .abnormalClosure)
    }

    @Test("Nothing is kept of a connection that has ended", .requirement(166))
    func released() throws {
        weak var handler: ConnectionHandler?
        do {
            let wire = try Wire(.server)
            handler = wire.handler
            wire.collect()
            try wire.receive(.text("a"), .binary([1], isFinal: false), .ping())
            try wire.receive(.close(1000))
            wire.dropTransport()
            #expect(wire.handler.gathering == nil && wire.handler.cork.isEmpty)
        }
        #expect(handler == nil)
    }
}
