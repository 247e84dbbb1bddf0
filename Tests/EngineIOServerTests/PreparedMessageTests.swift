import NIOCore
import Testing

@testable import EngineIOServer

@Suite struct PreparedMessageTests {
    private let prepared = PreparedEngineIOMessage([.text("é"), .binary(ByteBuffer(bytes: [1, 2, 3, 4])), .text("")])

    @Test("Frames are made once: every session gets the same ones")
    func frames() {
        let frames = self.prepared.frames
        #expect(frames.map(\.message.kind) == [.text, .binary, .text])
        #expect(frames.map { Array($0.message.bytes.readableBytesView) } == [Array("4é".utf8), [1, 2, 3, 4], [0x34]])
        #expect(zip(frames, self.prepared.frames).allSatisfy { $0 === $1 })
    }

    @Test("The polling form is made once: every session copies from the same bytes")
    func payload() {
        let payload = self.prepared.payload
        #expect(String(buffer: payload) == "4é\u{1E}bAQIDBA==\u{1E}4")
        func address(_ buffer: ByteBuffer) -> UnsafeRawPointer? { buffer.withUnsafeReadableBytes { $0.baseAddress } }
        #expect(address(payload) == address(self.prepared.payload))
    }

    @Test("What is on its way counts against the limit; only what nothing waits before may be longer")
    func limit() {
        var queue = OutboundQueue()
        let message = OutboundQueue.Item.message(.text(String(repeating: "a", count: 100)))
        let behindSomething = queue.append(message, behind: 1, limit: 50)
        let behindNothing = queue.append(message, limit: 50)
        let second = queue.append(message, limit: 250)
        #expect([behindSomething, behindNothing, second] == [false, true, true])
    }

    @Test("A payload of a queue has a separator between each two packets, also around prepared ones")
    func queue() {
        var queue = OutboundQueue()
        let isTaken = [
            queue.append(.packet(.ping), limit: 1000), queue.append(.prepared(self.prepared), limit: 1000),
            queue.append(.message(.text("x")), limit: 1000),
        ]
        #expect(isTaken == [true, true, true])
        #expect(
            String(buffer: queue.takePayload(maximumPacketCount: .max)) == "2\u{1E}4é\u{1E}bAQIDBA==\u{1E}4\u{1E}4x")
        #expect(queue.isEmpty && queue.byteCount == 0)
    }

    @Test("What is more than a poll may bring waits for the next; what was sent together stays together")
    func partialPayload() {
        var queue = OutboundQueue()
        for text in ["a", "b"] { _ = queue.append(.message(.text(text)), limit: 1000) }
        _ = queue.append(.prepared(self.prepared), limit: 1000)
        _ = queue.append(.packet(.ping), limit: 1000)
        let payloads = (0..<3).map { _ in String(buffer: queue.takePayload(maximumPacketCount: 2)) }
        #expect(payloads == ["4a\u{1E}4b", "4é\u{1E}bAQIDBA==\u{1E}4", "2"])
        #expect(queue.isEmpty && queue.byteCount == 0)
    }
}
