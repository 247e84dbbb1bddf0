import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("Pings and pongs (§5.5.2, §5.5.3)", .timeLimit(.minutes(1)))
struct ControlFrameTests {
    @Test("Each ping is answered with its own payload while the peer reads (§5.5.2)", .requirement(130))
    func pongs() throws {
        let wire = try Wire(.server)
        try wire.receive(.ping([1]), .ping([2, 2]), .ping())
        #expect(try wire.takeFrames() == [.pong([1]), .pong([2, 2]), .pong()])
    }

    @Test(
        "Class 9: control frames. A peer that pings without reading gets one pong, for the last ping (§5.5.3)",
        .requirement(131, 133))
    func coalescing() throws {
        let wire = try Wire(.server)
        wire.setWritable(false)
        for number in 0..<200 { try wire.receive(.ping([UInt8(number)])) }
        #expect(try wire.takeFrames().isEmpty)
        #expect(wire.handler.outboundByteCount == 0)
        wire.setWritable(true)
        #expect(try wire.takeFrames() == [.pong([199])])
        try wire.receive(.ping([7]))
        #expect(try wire.takeFrames() == [.pong([7])])
    }

    @Test("A ping is answered though the application takes no messages (§5.5.2)", .requirement(134))
    func busyApplication() throws {
        let wire = try Wire(.server)
        try wire.receive(.text("nobody"), .text("reads"), .text("this"), .ping([5]))
        #expect(try wire.takeFrames() == [.pong([5])])
    }

    @Test("No pong after the peer's Close (§5.5.2)", .requirement(130, 160))
    func noPongAfterClose() throws {
        let wire = try Wire(.client)
        try wire.receive(.close(1000), .ping([1]))
        try wire.receive(.ping([2]))
        #expect(try wire.takeFrames().map(\.unmasked) == [.close(1000)])
    }

    @Test("A pong is still sent between our Close and the peer's (§5.5.2)", .requirement(130))
    func pongWhileClosing() throws {
        let wire = try Wire(.server)
        try wire.connection.startClosing()
        try wire.receive(.ping([1]))
        #expect(try wire.takeFrames() == [.close(1000), .pong([1])])
    }

    @Test("ping() returns with its pong; a later pong answers earlier pings too (§5.5.3)", .requirement(131, 132, 290))
    func ping() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        let first = wire.start { try await connection.ping() }
        let second = wire.start { try await connection.ping() }
        let third = wire.start { try await connection.ping() }
        let pings = try wire.takeFrames()
        #expect(pings.map(\.opcode) == [9, 9, 9])
        #expect(Set(pings.map(\.payload)).count == 3)
        try wire.receive(.pong(Array("unasked!".utf8)), .pong([1]), .pong())
        #expect(first.isSuspended && second.isSuspended && third.isSuspended)
        try wire.receive(.pong(pings[1].payload))
        #expect(first.value.map { $0 >= .zero } == true)
        #expect(second.value != nil)
        #expect(third.isSuspended)
        try wire.receive(.pong(pings[2].payload), .pong(pings[2].payload))
        #expect(third.value != nil)
    }

    @Test("A ping without a task calls back with its pong, or with the end of the connection", .requirement(132, 290))
    func pingCallback() throws {
        let wire = try Wire(.server)
        var answers: [Bool] = []
        for _ in 0..<2 {
            wire.connection.ping { answers.append((try? $0.get()) != nil) }
        }
        wire.run()
        let pings = try wire.takeFrames()
        #expect(pings.map(\.opcode) == [9, 9])
        try wire.receive(.pong(pings[0].payload))
        #expect(answers == [true])
        wire.dropTransport()
        #expect(answers == [true, false])
        wire.connection.ping { answers.append((try? $0.get()) != nil) }
        #expect(answers == [true, false, false])
    }

    @Test("ping() throws how the connection ended if no pong comes (§7.1.5)", .requirement(155))
    func pingWithoutPong() throws {
        let wire = try Wire(.client)
        let connection = wire.connection
        let ping = wire.start { try await connection.ping() }
        wire.dropTransport()
        #expect((ping.error as? ConnectionClosedError)?.outcome?.code == .abnormalClosure)
        let late = wire.start { try await connection.ping() }
        #expect(late.error is ConnectionClosedError)
    }
}
