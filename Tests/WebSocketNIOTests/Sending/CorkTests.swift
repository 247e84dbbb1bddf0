import NIOCore
import NIOEmbedded
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("What is sent in one turn leaves in one write", .timeLimit(.minutes(1)))
struct CorkTests {
    @Test("Messages of one turn, and pongs between them, are one write in order (§5.6)", .requirement(141, 142, 145))
    func oneWrite() throws {
        let wire = try Wire(.server)
        for number in 0..<20 { wire.connection.sendNow(WebSocketMessage("\(number)")) }
        #expect(try wire.takeWrites().isEmpty, "nothing leaves before the turn ends")
        wire.run()
        let writes = try wire.takeWrites()
        #expect(writes.count == 1)
        #expect(RawFrame.parse(writes.flatMap { Array($0.readableBytesView) }) == (0..<20).map { .text("\($0)") })
    }

    @Test("Replies to all messages of one read are one write", .requirement(145))
    func replies() throws {
        let wire = try Wire(.server)
        wire.connection.onMessage { connection, message in connection.sendNow(message) }
        let frames = (0..<10).map { RawFrame.text("\($0)").masked() }
        try wire.channel.writeInbound(ByteBuffer(bytes: (frames + [.ping([1]).masked()]).flatMap(\.bytes)))
        #expect(try wire.takeWrites().count == 1, "at the end of the read, without another turn of the loop")
    }

    @Test("A task that echoes a read of many messages writes once", .requirement(145))
    func echoTask() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        let echo = wire.start {
            for try await message in connection.messages { try await connection.send(message) }
        }
        let frames = (0..<10).map { RawFrame.text("\($0)").masked() }
        try wire.channel.writeInbound(ByteBuffer(bytes: frames.flatMap(\.bytes)))
        let writes = try wire.takeWrites()
        #expect(writes.count == 1)
        #expect(RawFrame.parse(writes.flatMap { Array($0.readableBytesView) }) == frames.map(\.unmasked))
        #expect(echo.isSuspended)
    }

    @Test(
        "Header lengths of 7, 16 and 64 bits, on both sides of each border (§5.2)",
        .requirement(100, 101, 95, 142),
        arguments: [0, 1, 125, 126, 127, 16383, 16384, 65535, 65536, 200_000]
    )
    func lengths(count: Int) throws {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for role in [Role.server, .client] {
            let wire = try Wire(role)
            wire.connection.sendNow(WebSocketMessage("before"))
            wire.connection.sendNow(WebSocketMessage(payload))
            wire.connection.sendNow(WebSocketMessage("after"))
            wire.run()
            let frames = try wire.takeFrames()
            #expect(frames.map(\.unmasked) == [.text("before"), .binary(payload), .text("after")])
            #expect(frames.allSatisfy { ($0.key != nil) == (role == .client) })
        }
    }

    @Test("A server's large payload is not copied: header and payload are two writes", .requirement(145, 166))
    func largePayload() throws {
        let wire = try Wire(.server)
        let payload = ByteBuffer(repeating: 7, count: 1 << 20)
        wire.connection.sendNow(WebSocketMessage(payload))
        wire.run()
        let writes = try wire.takeWrites()
        #expect(writes.count == 2)
        let storage = payload.withUnsafeReadableBytes { $0.baseAddress }
        #expect(writes.last?.withUnsafeReadableBytes { $0.baseAddress } == storage)
        #expect(writes.first?.readableBytes == 10)
    }

    @Test("A cork that is full leaves before the turn ends, and the order holds", .requirement(145))
    func fullCork() throws {
        let wire = try Wire(.server)
        let payload = [UInt8](repeating: 1, count: 10_000)
        for _ in 0..<20 { wire.connection.sendNow(WebSocketMessage(payload)) }
        let early = try wire.takeWrites()
        #expect(early.count == 2)
        wire.run()
        let all = early + (try wire.takeWrites())
        let frames = RawFrame.parse(all.flatMap { Array($0.readableBytesView) })
        #expect(frames == Array(repeating: .binary(payload), count: 20))
    }

    @Test(
        "A connection that closes inside its turn loses nothing that was sent before (§5.5.1)", .requirement(126, 281))
    func closeInsideTurn() throws {
        let wire = try Wire(.server)
        wire.connection.sendNow(WebSocketMessage("last words"))
        try wire.connection.startClosing(code: 4000, reason: "done")
        #expect(!wire.connection.sendNow(WebSocketMessage("too late")))
        wire.run()
        #expect(try wire.takeFrames() == [.text("last words"), .close(4000, "done")])
    }

    @Test("Two connections of one loop keep their frames apart", .requirement(145))
    func twoConnections() throws {
        let wire = try Wire(.server)
        let other = try wire.sibling(.client)
        for number in 0..<5 {
            wire.connection.sendNow(WebSocketMessage("a\(number)"))
            other.connection.sendNow(WebSocketMessage("b\(number)"))
        }
        wire.run()
        #expect(try wire.takeFrames() == (0..<5).map { .text("a\($0)") })
        #expect(try other.takeFrames().map(\.unmasked) == (0..<5).map { .text("b\($0)") })
    }
}
