import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("A socket that has not taken all it was given", .timeLimit(.minutes(1)))
struct BackedUpTests {
    @Test("Class 8: slow readers. Small frames wait side by side, not each in a buffer of its own")
    func class08SmallFrames() throws {
        let wire = try Wire(.server)
        wire.transport.isFull = true
        let message = WebSocketMessage("12345678")
        for _ in 0..<1000 {
            wire.connection.sendNow(message)
            wire.run()
        }
        // One write was tried; the rest is together.
        #expect(wire.handler.isBackedUp)
        #expect(wire.handler.cork.byteCount == 999 * 10)
        #expect(wire.handler.outboundByteCount == 1000 * 10)
        wire.setWritable(true)
        #expect(!wire.handler.isBackedUp)
        let writes = try wire.takeWrites()
        #expect(writes.map(\.readableBytes) == [10, 999 * 10])
    }

    @Test("Large, prepared and small frames keep their order behind a full socket")
    func order() throws {
        let wire = try Wire(.server)
        wire.transport.isFull = true
        let large = WebSocketMessage([UInt8](repeating: 1, count: 20_000))
        let prepared = PreparedMessage(WebSocketMessage([UInt8](repeating: 2, count: 2000)))
        for number in 0..<3 {
            wire.connection.sendNow(WebSocketMessage("a\(number)"))
            wire.run()
            wire.connection.sendNow(large)
            wire.connection.sendNow(WebSocketMessage("b\(number)"))
            wire.connection.sendNow(prepared)
            wire.run()
        }
        try wire.connection.startClosing()
        wire.setWritable(true)
        let sizes = try wire.takeFrames().map(\.payload.count)
        #expect(sizes == [2, 20_000, 2, 2000, 2, 20_000, 2, 2000, 2, 20_000, 2, 2000, 2])
    }

    @Test("Shared frames, alone or not, small or large, keep their order among others", arguments: [false, true])
    func sharedOrder(isFull: Bool) throws {
        let wire = try Wire(.server)
        wire.transport.isFull = isFull
        let small = PreparedMessage(WebSocketMessage("small"))
        let large = PreparedMessage(WebSocketMessage([UInt8](repeating: 2, count: 2000)))
        let turns: [[PreparedMessage?]] = [
            [small], [large], [nil, small], [small, nil], [nil, large], [large, nil], [small, large, small],
            [large, large],
        ]
        var expected: [Int] = []
        for turn in turns {
            for message in turn {
                if let message {
                    wire.connection.sendNow(message)
                } else {
                    wire.connection.sendNow(WebSocketMessage("own"))
                }
                expected.append(message?.message.bytes.readableBytes ?? 3)
            }
            wire.run()
        }
        #expect(wire.handler.outboundByteCount == (isFull ? expected.reduce(0) { $0 + $1 + ($1 > 125 ? 4 : 2) } : 0))
        wire.setWritable(true)
        #expect(try wire.takeFrames().map(\.payload.count) == expected)
    }

    @Test("A shared frame that is alone is written as it is, and stays as it was for the next connection")
    func sharedUncopied() throws {
        let first = try Wire(.server)
        let second = try first.sibling(.server)
        let news = PreparedMessage(WebSocketMessage("news"))
        for wire in [first, second] { wire.connection.sendNow(news) }
        first.connection.sendNow(WebSocketMessage("for one alone"))
        first.run()
        let texts = try first.takeFrames().map { String(decoding: $0.payload, as: UTF8.self) }
        #expect(texts == ["news", "for one alone"])
        let written = try second.takeWrites()
        #expect(written.count == 1)
        let address = written.first?.withUnsafeReadableBytes { $0.baseAddress }
        #expect(address != nil && address == news.plainFrame.withUnsafeReadableBytes { $0.baseAddress })
    }

    @Test("What waits when the transport goes is forgotten")
    func lost() throws {
        let wire = try Wire(.server)
        wire.transport.isFull = true
        for _ in 0..<3 {
            wire.connection.sendNow(WebSocketMessage("lost"))
            wire.run()
        }
        wire.dropTransport()
        #expect(wire.handler.cork.isEmpty && wire.handler.outboundByteCount == 0)
    }
}
