import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("Reading keeps pace with the application", .timeLimit(.minutes(1)))
struct ReadPauseTests {
    /// What a channel with automatic reading does after each read.
    /// - Returns: true if the read was let through to the socket.
    private func read(_ wire: Wire) -> Bool {
        let before = wire.transport.readCount
        wire.channel.read()
        return wire.transport.readCount > before
    }

    private func takeOne(_ wire: Wire) -> Started<WebSocketMessage?> {
        let connection = wire.connection
        return wire.start {
            for try await message in connection.messages { return message }
            return nil
        }
    }

    @Test("Reads pause at the byte mark and resume below half of it", .requirement(294))
    func byteMark() throws {
        let wire = try Wire(.server) { $0.receiveHighMark = .init(byteCount: 1000, messageCount: 1000) }
        let payload = [UInt8](repeating: 1, count: 250)
        for _ in 0..<3 {
            try wire.receive(.binary(payload))
            #expect(self.read(wire))
        }
        try wire.receive(.binary(payload))
        #expect(!self.read(wire))
        let readCount = wire.transport.readCount
        // 750 and 500 bytes wait: still half of the mark. 250: below it.
        for expected in [readCount, readCount, readCount + 1] {
            #expect(self.takeOne(wire).value != nil)
            #expect(wire.transport.readCount == expected)
        }
        #expect(self.read(wire))
    }

    @Test("Reads pause at the message mark, empty messages counted", .requirement(294, 118))
    func messageMark() throws {
        let wire = try Wire(.server) { $0.receiveHighMark = .init(byteCount: 1 << 20, messageCount: 4) }
        for _ in 0..<4 { try wire.receive(.text("")) }
        #expect(!self.read(wire))
        let readCount = wire.transport.readCount
        for _ in 0..<3 { #expect(self.takeOne(wire).value != nil) }
        #expect(wire.transport.readCount == readCount + 1)
    }

    @Test("A single message over the mark gets through", .requirement(294))
    func longMessage() throws {
        let wire = try Wire(.server) { $0.receiveHighMark = .init(byteCount: 10, messageCount: 4) }
        try wire.receive(.binary([UInt8](repeating: 1, count: 5000), isFinal: false))
        #expect(self.read(wire))
        try wire.receive(.continuation([2], isFinal: true))
        #expect(!self.read(wire))
        #expect(self.takeOne(wire).value??.bytes.readableBytes == 5001)
        #expect(self.read(wire))
    }

    @Test("The application pauses and resumes reading by hand", .requirement(294))
    func byHand() throws {
        let wire = try Wire(.server)
        wire.collect()
        wire.connection.pauseReading()
        #expect(!self.read(wire))
        let readCount = wire.transport.readCount
        wire.connection.resumeReading()
        #expect(wire.transport.readCount == readCount + 1)
        #expect(self.read(wire))
    }

    @Test("Who closes with a full inbox still reads on to the peer's Close (§7.1.1)", .requirement(149, 153))
    func closeWithFullInbox() throws {
        let wire = try Wire(.server) { $0.receiveHighMark = .init(byteCount: 100, messageCount: 100) }
        try wire.receive(.binary([UInt8](repeating: 1, count: 200)))
        #expect(!self.read(wire))
        try wire.connection.startClosing()
        // The peer had more under way before it saw our Close.
        var readCount = 0
        for _ in 0..<100 {
            if self.read(wire) { readCount += 1 }
            try wire.receive(.binary([UInt8](repeating: 1, count: 200)))
        }
        #expect(readCount == 100)
        #expect(wire.handler.inbox.byteCount <= 400, "what is over the mark is not kept")
        #expect(self.read(wire))
        try wire.receive(.close(1000))
        wire.dropTransport()
        #expect(wire.outcome?.wasClean == true)
    }

    @Test("A cancelled task stops waiting for a message; the next one gets it", .requirement(294))
    func cancellation() throws {
        let wire = try Wire(.server)
        let cancelled = self.takeOne(wire)
        #expect(cancelled.isSuspended)
        cancelled.cancel()
        wire.run()
        #expect(cancelled.error is CancellationError)
        let patient = self.takeOne(wire)
        try wire.receive(.text("here"))
        #expect(patient.value??.text == "here")
    }

    @Test("Messages that came before the callback was set are handed to it, in order", .requirement(114))
    func lateCallback() throws {
        let wire = try Wire(.server)
        try wire.receive(.text("1"), .text("2"))
        try wire.receive(.text("3"))
        wire.collect()
        try wire.receive(.text("4"))
        #expect(wire.messages.map(\.text) == ["1", "2", "3", "4"])
    }
}
