import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("Ending while a read that inflates to a lot is set aside", .timeLimit(.minutes(1)))
struct UnreadTests {
    /// One read has brought three messages that fill the inbox each, and the channel has asked for the next.
    private func wire() throws -> (wire: Wire, readCount: Int) {
        let wire = try CompressionTests.wire()
        let frame = wire.fromPeer(CompressionTests.compressed(try CompressionTests.bomb(300 << 10), opcode: 2)).bytes
        try wire.receive(frame + frame + frame)
        let readCount = wire.transport.readCount
        wire.channel.read()
        #expect(wire.transport.readCount == readCount, "what is set aside comes first")
        return (wire, readCount)
    }

    private func endsInOrder(_ wire: Wire, _ readCount: Int) throws -> Bool {
        guard wire.handler.unread == nil, wire.transport.readCount == readCount + 1 else { return false }
        try wire.receive(.close(1000))
        wire.dropTransport()
        return wire.outcome?.wasClean == true
    }

    @Test("Who closes reads on to the peer's Close, also with a full inbox (§7.1.1)", .requirement(149, 153, 233))
    func close() throws {
        let (wire, readCount) = try self.wire()
        #expect(wire.handler.unread != nil && wire.handler.inbox.isPaused)
        try wire.connection.startClosing()
        wire.run()
        #expect(wire.handler.inbox.pieces.count == 1, "what finds no room is thrown away")
        #expect(try self.endsInOrder(wire, readCount))
    }

    @Test("A handler that returns after the first message closes cleanly (§7.1.1)", .requirement(149, 153, 233))
    func handlerReturns() throws {
        let (wire, readCount) = try self.wire()
        let connection = wire.connection
        let handler = wire.start {
            for try await _ in connection.messages { break }
            try connection.startClosing()
        }
        for _ in 0..<10 { wire.run() }
        #expect(handler.value != nil)
        #expect(try self.endsInOrder(wire, readCount))
    }

    @Test("After a failure the end of the stream is read (§7.1.7)", .requirement(149, 233))
    func failure() throws {
        let (wire, readCount) = try self.wire()
        wire.handler.fail(.tryAgainLater, "too slow to keep up")
        wire.run()
        #expect(wire.handler.unread == nil)
        #expect(wire.transport.readCount == readCount + 1)
    }

    @Test("A failure before the application is ready does not stop reading (§7.1.7)", .requirement(149))
    func failureWhileHeld() throws {
        let wire = try Wire(.server)
        wire.handler.hold()
        wire.connection.pauseReading()
        wire.handler.fail(.internalError, "no")
        let readCount = wire.transport.readCount
        wire.channel.read()
        #expect(wire.transport.readCount == readCount)
        wire.handler.release()
        wire.run()
        #expect(wire.transport.readCount == readCount + 1)
    }
}
