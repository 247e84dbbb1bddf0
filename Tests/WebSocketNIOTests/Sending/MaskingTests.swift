import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("What a client sends is masked (§5.1, §5.3, §10.3)", .timeLimit(.minutes(1)))
struct MaskingTests {
    @Test(
        "Every frame of a client has a key of its own, control frames and fragments too (§5.3)",
        .requirement(93, 104, 143, 185))
    func freshKeys() throws {
        let wire = try Wire(.client)
        let connection = wire.connection
        for number in 0..<2000 { wire.connection.sendNow(WebSocketMessage("\(number)")) }
        let ping = wire.start { try await connection.ping() }
        let stream = wire.start {
            try await connection.stream(.text) { writer in
                for number in 0..<100 { try await writer.write("\(number)") }
            }
        }
        try wire.receive(.ping([1]))
        try wire.receive(.close(1000))
        let frames = try wire.takeFrames()
        #expect(frames.count == 2000 + 1 + 101 + 1 + 1)
        #expect(frames.allSatisfy { $0.key != nil })
        // Among 2104 random keys of 32 bits a pair is equal with a chance of 1 in 2000; two pairs never are.
        #expect(Set(frames.compactMap(\.key)).count >= frames.count - 1)
        #expect(ping.isSuspended)
        #expect(stream.value != nil)
    }

    @Test("The payload that the application handed over stays as it was (§10.3)", .requirement(186))
    func payloadIsNotTouched() throws {
        let wire = try Wire(.client)
        let payload = ByteBuffer(repeating: 0x55, count: 100_000)
        wire.connection.sendNow(WebSocketMessage(payload))
        wire.run()
        #expect(payload == ByteBuffer(repeating: 0x55, count: 100_000))
        #expect(try wire.takeFrames().map(\.payload) == [[UInt8](repeating: 0x55, count: 100_000)])
    }

    @Test("A server never masks (§5.1)", .requirement(95))
    func server() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        wire.connection.sendNow(WebSocketMessage("text"))
        let stream = wire.start { try await connection.stream(.binary) { try await $0.write([1, 2]) } }
        try wire.receive(.ping())
        try wire.receive(.close(1000))
        #expect(stream.value != nil)
        let frames = try wire.takeFrames()
        #expect(frames.count == 5)
        #expect(frames.allSatisfy { $0.key == nil })
    }
}
