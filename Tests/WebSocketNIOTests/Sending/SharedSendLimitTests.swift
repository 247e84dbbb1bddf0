import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("What all slow readers of a loop may take together", .timeLimit(.minutes(1)))
struct SharedSendLimitTests {
    private static let message = WebSocketMessage([UInt8](repeating: 1, count: 1000))

    private func wires(_ count: Int) throws -> [Wire] {
        let first = try Wire(.server) { $0.sharedSendLimit = 300_000 }
        return [first] + (try (1..<count).map { _ in try first.sibling(.server) })
    }

    @Test("Class 8: slow readers. Over the shared limit each has its high mark, and those above it are closed")
    func class08SharedLimit() throws {
        let wires = try self.wires(10)
        for wire in wires { wire.setWritable(false) }
        // Each alone would have room for a megabyte.
        for _ in 0..<200 { for wire in wires { wire.connection.sendNow(SharedSendLimitTests.message) } }
        for wire in wires { wire.run() }
        #expect(wires.allSatisfy { $0.handler.closing.phase != .open })
        let queued = wires.reduce(0) { $0 + $1.handler.congestedByteCount }
        #expect(queued <= 300_000 + 10 * 66_000)
    }

    @Test("Who reads is not concerned, and what was taken is given back")
    func others() throws {
        let wires = try self.wires(4)
        let (slow, reader) = (wires[0], wires[1])
        slow.setWritable(false)
        for _ in 0..<290 {
            slow.connection.sendNow(SharedSendLimitTests.message)
            reader.connection.sendNow(SharedSendLimitTests.message)
        }
        slow.run()
        #expect(try reader.takeFrames().count == 290)
        #expect(slow.context.congestedByteCount == 290_000)
        slow.setWritable(true)
        #expect(slow.context.congestedByteCount == 0)
        #expect(try slow.takeFrames().count == 290)
        slow.setWritable(false)
        slow.connection.sendNow(SharedSendLimitTests.message)
        slow.dropTransport()
        #expect(slow.context.congestedByteCount == 0)
    }
}
