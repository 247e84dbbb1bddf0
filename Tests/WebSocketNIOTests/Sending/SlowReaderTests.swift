import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("A peer that does not read, and those who can't wait for it", .timeLimit(.minutes(1)))
struct SlowReaderTests {
    private let message = WebSocketMessage([UInt8](repeating: 1, count: 98))

    /// A connection with room for ten messages of 100 bytes behind a full socket.
    private func full(_ policy: SlowReaderPolicy) throws -> Wire {
        let wire = try Wire(.server) { $0.sendLimit = 1000 }
        wire.setWritable(false)
        for _ in 0..<10 { #expect(wire.connection.sendNow(self.message, ifSlow: policy)) }
        wire.run()
        #expect(wire.handler.outboundByteCount == 1000)
        return wire
    }

    @Test("dropNewest: what is over the limit is not sent, and its sender is told", .requirement(145, 293))
    func dropNewest() throws {
        let wire = try self.full(.dropNewest)
        for _ in 0..<100 { #expect(!wire.connection.sendNow(self.message, ifSlow: .dropNewest)) }
        #expect(wire.handler.outboundByteCount == 1000)
        wire.setWritable(true)
        #expect(try wire.takeFrames().count == 10)
        #expect(wire.connection.sendNow(self.message, ifSlow: .dropNewest))
    }

    @Test("keepLatest: of what is over the limit the last one is sent", .requirement(293))
    func keepLatest() throws {
        let wire = try self.full(.keepLatest)
        for number in 0..<100 { #expect(wire.connection.sendNow(WebSocketMessage("\(number)"), ifSlow: .keepLatest)) }
        wire.setWritable(true)
        wire.run()
        let frames = try wire.takeFrames()
        #expect(frames.count == 11)
        #expect(frames.last == .text("99"))
    }

    @Test(
        "keepLatest never goes out in the middle of a message that is being streamed (§5.4)",
        .requirement(114, 115, 293))
    func keepLatestWhileStreaming() throws {
        let wire = try Wire(.server) {
            $0.sendLimit = 1000
            $0.sendHighMark = 500
        }
        let connection = wire.connection
        let gate = Gate()
        let stream = wire.start {
            try await connection.stream(.text) { writer in
                try await writer.write("begin ")
                await gate.wait()
                try await writer.write("end")
            }
        }
        wire.setWritable(false)
        for _ in 0..<11 { connection.sendNow(self.message, ifSlow: .keepLatest) }
        #expect(connection.sendNow(WebSocketMessage("latest"), ifSlow: .keepLatest))
        wire.setWritable(true)
        gate.open()
        wire.run()
        #expect(stream.value != nil)
        let frames = try wire.takeFrames()
        #expect(frames.prefix(3).map(\.opcode) == [1, 0, 0])
        #expect(frames.prefix(3).map(\.isFinal) == [false, false, true])
        #expect(frames.dropFirst(3).allSatisfy { $0.isFinal && $0.opcode != 0 })
        #expect(frames.last == .text("latest"))
    }

    @Test("close: the connection ends with 1013, and is gone at the deadline", .requirement(293, 165, 173))
    func close() throws {
        let wire = try self.full(.close)
        #expect(!wire.connection.sendNow(self.message))
        wire.run()
        #expect(wire.outcome == nil)
        wire.advance(by: .seconds(6))
        #expect(wire.outcome?.sent?.code == .tryAgainLater)
        #expect(wire.outcome?.received == nil)
    }

    @Test("isCongested and onDrain let callbacks keep pace", .requirement(293))
    func callbacks() throws {
        let wire = try Wire(.server)
        #expect(!wire.connection.isCongested)
        wire.setWritable(false)
        #expect(wire.connection.isCongested)
        wire.setWritable(true)
        #expect(!wire.connection.isCongested)
        #expect(wire.drainCount == 1)
    }
}
