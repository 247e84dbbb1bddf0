import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("How long a message may take (§10.4)", .timeLimit(.minutes(1)))
struct MessageTimeoutTests {
    private static let tooLate = RawFrame.close(1008, "message not complete in time")

    @Test("Class 7: slow-loris. A message that comes byte by byte must end in time", .requirement(187, 293))
    func class07MidFrame() throws {
        let wire = try Wire(.server)
        let bytes = wire.fromPeer(.text(String(repeating: "x", count: 100))).bytes
        for byte in bytes.prefix(50) {
            try wire.receive([byte])
            wire.advance(by: .seconds(2))
        }
        #expect(try wire.takeFrames().isEmpty)
        wire.advance(by: .seconds(21))
        #expect(try wire.takeFrames() == [MessageTimeoutTests.tooLate])
    }

    @Test(
        "Class 7: slow-loris. Fragments don't move the deadline, nor do control frames between them",
        .requirement(187, 293))
    func class07Fragments() throws {
        let wire = try Wire(.server)
        try wire.receive(.text("a", isFinal: false))
        for _ in 0..<11 {
            wire.advance(by: .seconds(10))
            try wire.receive(.continuation([0x61], isFinal: false), .ping())
        }
        _ = try wire.takeFrames()
        wire.advance(by: .seconds(11))
        #expect(try wire.takeFrames() == [MessageTimeoutTests.tooLate])
    }

    @Test("Each message has the whole time for itself, and quiet between messages is no matter", .requirement(187))
    func eachMessage() throws {
        let wire = try Wire(.server)
        wire.collect()
        let bytes = wire.fromPeer(.text("Hello")).bytes
        #expect(wire.handler.messageDeadline == nil)
        try wire.receive(Array(bytes.prefix(3)))
        let first = try #require(wire.handler.messageDeadline)
        try wire.receive(Array(bytes[3..<5]))
        #expect(wire.handler.messageDeadline == first)
        // The end of one message and the beginning of the next in one read.
        try wire.receive(Array(bytes[5...]) + Array(bytes.prefix(4)))
        #expect(try #require(wire.handler.messageDeadline) > first)
        try wire.receive(Array(bytes.dropFirst(4)))
        #expect(wire.handler.messageDeadline == nil)
        wire.advance(by: .seconds(1000))
        #expect(wire.messages.map(\.text) == ["Hello", "Hello"])
        #expect(try wire.takeFrames().isEmpty)
    }

    @Test("While we do not read the peer can't be late", .requirement(187))
    func paused() throws {
        let wire = try Wire(.server)
        wire.collect()
        let bytes = wire.fromPeer(.text("Hello")).bytes
        try wire.receive(Array(bytes.prefix(4)))
        wire.connection.pauseReading()
        wire.advance(by: .seconds(500))
        #expect(try wire.takeFrames().isEmpty)
        wire.connection.resumeReading()
        try wire.receive(Array(bytes.dropFirst(4)))
        #expect(wire.messages.map(\.text) == ["Hello"])
    }

    @Test("A message that is streamed, or without a limit, may take as long as it likes", arguments: [true, false])
    func unlimited(isStreamed: Bool) throws {
        let wire = try Wire(.server) { configuration in
            if isStreamed { configuration.delivery = .streamed } else { configuration.messageTimeout = nil }
        }
        try wire.receive(.text("a", isFinal: false))
        wire.advance(by: .seconds(10_000))
        #expect(try wire.takeFrames().isEmpty)
    }
}
