import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("A message sent piece by piece (§5.4)", .timeLimit(.minutes(1)))
struct StreamingSendTests {
    struct ProducerFailed: Error {}

    @Test(
        "Pieces are fragments: kind first, then continuations, FIN last and only there (§5.4, §6.1)",
        .requirement(116, 142, 296))
    func fragments() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        let stream = wire.start {
            try await connection.stream(.text) { writer in
                try await writer.write("a")
                try await writer.write([0xC3])
                try await writer.write([UInt8]())
                try await writer.write([0xBC])
                return "result"
            }
        }
        #expect(stream.value == "result")
        #expect(
            try wire.takeFrames() == [
                .text("a", isFinal: false), .continuation([0xC3], isFinal: false), .continuation([], isFinal: false),
                .continuation([0xBC], isFinal: false), .continuation([], isFinal: true),
            ]
        )
    }

    @Test("A stream without pieces is an empty message (§5.4)", .requirement(142))
    func noPieces() throws {
        let wire = try Wire(.client)
        let connection = wire.connection
        let stream = wire.start { try await connection.stream(.binary) { _ in } }
        #expect(stream.value != nil)
        #expect(try wire.takeFrames().map(\.unmasked) == [.binary([])])
    }

    @Test("Messages and streams of others wait, control frames do not (§5.4)", .requirement(111, 114, 115))
    func noInterleaving() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        let gate = Gate()
        let first = wire.start {
            try await connection.stream(.text) { writer in
                try await writer.write("one ")
                await gate.wait()
                try await writer.write("two")
            }
        }
        let second = wire.start { try await connection.stream(.binary) { try await $0.write([1]) } }
        let message = wire.start { try await connection.send("deferred") }
        connection.sendNow(WebSocketMessage("deferred too"))
        let ping = wire.start { try await connection.ping() }
        try wire.receive(.ping([5]))
        var frames = try wire.takeFrames()
        #expect(frames.first == .text("one ", isFinal: false))
        #expect(frames.dropFirst().map(\.opcode).sorted() == [9, 10])
        gate.open()
        wire.run()
        frames = try wire.takeFrames()
        #expect(
            frames == [
                .continuation(Array("two".utf8), isFinal: false), .continuation([], isFinal: true),
                .text("deferred too"),
                .binary([1], isFinal: false), .continuation([], isFinal: true),
                .text("deferred"),
            ]
        )
        #expect(first.value != nil && second.value != nil && message.value != nil)
        #expect(ping.isSuspended)
    }

    @Test("Who sends behind a stream suspends above the mark", .requirement(293))
    func deferredBackPressure() throws {
        let wire = try Wire(.server) { $0.sendHighMark = 1000 }
        let connection = wire.connection
        let gate = Gate()
        let stream = wire.start {
            try await connection.stream(.text) { writer in
                try await writer.write("x")
                await gate.wait()
            }
        }
        let payload = [UInt8](repeating: 1, count: 600)
        let sends = (0..<3).map { _ in wire.start { try await connection.send(payload) } }
        #expect(sends.last?.isSuspended == true)
        gate.open()
        wire.run()
        #expect(stream.value != nil)
        #expect(sends.allSatisfy { $0.value != nil })
        #expect(try wire.takeFrames().count == 5)
    }

    @Test(
        "A message that waited behind a stream and was never sent is not taken for sent (§6.1)", .requirement(141, 145))
    func closeBehindStream() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        let stream = wire.start {
            try await connection.stream(.text) { writer in
                try await writer.write("x")
                await Gate().wait()
            }
        }
        let send = wire.start { try await connection.send("never sent") }
        let turn = wire.start { try await connection.stream(.binary) { try await $0.write([1]) } }
        #expect(stream.isSuspended && send.isSuspended && turn.isSuspended)
        try connection.startClosing(code: .goingAway)
        wire.run()
        #expect(send.error is ConnectionClosedError)
        #expect(turn.error is ConnectionClosedError)
        #expect(try wire.takeFrames() == [.text("x", isFinal: false), .close(1001, "")])
    }

    @Test("Who is cancelled while waiting behind a stream sends nothing", .requirement(115))
    func cancelledBehindStream() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        let gate = Gate()
        let stream = wire.start {
            try await connection.stream(.text) { writer in
                try await writer.write("x")
                await gate.wait()
            }
        }
        let send = wire.start { try await connection.send("cancelled") }
        let turn = wire.start { try await connection.stream(.binary) { try await $0.write([1]) } }
        send.cancel()
        turn.cancel()
        wire.run()
        #expect(send.error is CancellationError)
        #expect(turn.error is CancellationError)
        gate.open()
        wire.run()
        #expect(stream.value != nil)
        #expect(try wire.takeFrames() == [.text("x", isFinal: false), .continuation([], isFinal: true)])
    }

    @Test("A ping that nobody answers ends when its task is cancelled", .requirement(290))
    func cancelledPing() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        let ping = wire.start { try await connection.ping() }
        #expect(ping.isSuspended)
        ping.cancel()
        wire.run()
        #expect(ping.error is CancellationError)
    }

    @Test("Messages that wait behind a stream do not hold up the stream itself", .requirement(115, 293))
    func noDeadlock() throws {
        let wire = try Wire(.server) { $0.sendHighMark = 1000 }
        let connection = wire.connection
        let gate = Gate()
        let stream = wire.start {
            try await connection.stream(.text) { writer in
                try await writer.write("a")
                await gate.wait()
                try await writer.write("b")
                try await writer.write("c")
            }
        }
        let send = wire.start { for _ in 0..<2 { try await connection.send([UInt8](repeating: 1, count: 5000)) } }
        #expect(send.isSuspended)
        gate.open()
        wire.run()
        #expect(stream.value != nil)
        #expect(send.value != nil)
        #expect(try wire.takeFrames().map(\.opcode) == [1, 0, 0, 0, 2, 2])
    }

    @Test("A writer suspends while the socket is full", .requirement(293, 296))
    func backPressure() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        wire.setWritable(false)
        let stream = wire.start {
            try await connection.stream(.binary) { writer in
                for number in 0..<10 { try await writer.write([UInt8(number)]) }
            }
        }
        #expect(stream.isSuspended)
        #expect(wire.handler.outboundByteCount == 3)
        wire.setWritable(true)
        #expect(stream.value != nil)
        #expect(try wire.takeFrames().count == 11)
    }

    @Test(
        "A producer that fails ends the connection with 1011, never the message with FIN (§7.4.1)",
        .requirement(145, 173))
    func failingProducer() throws {
        let wire = try Wire(.client)
        let connection = wire.connection
        let stream = wire.start {
            try await connection.stream(.text) { writer in
                try await writer.write("half")
                throw ProducerFailed()
            }
        }
        #expect(stream.error is ProducerFailed)
        let frames = try wire.takeFrames().map(\.unmasked)
        #expect(frames == [.text("half", isFinal: false), .close(1011, "message cut short")])
        #expect(wire.transport.isOutputClosed)
    }

    @Test("A producer that fails before its first piece leaves the connection as it was", .requirement(145))
    func failingBeforeFirstPiece() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        let stream = wire.start { try await connection.stream(.text) { _ in throw ProducerFailed() } }
        #expect(stream.error is ProducerFailed)
        let next = wire.start { try await connection.send("next") }
        #expect(next.value != nil)
        #expect(try wire.takeFrames() == [.text("next")])
    }

    @Test("A producer that is cancelled while it waits ends the connection with 1011", .requirement(145))
    func cancelledProducer() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        wire.setWritable(false)
        let stream = wire.start { try await connection.stream(.text) { try await $0.write("half") } }
        stream.cancel()
        wire.run()
        #expect(stream.error is CancellationError)
        wire.setWritable(true)
        #expect(try wire.takeFrames() == [.text("half", isFinal: false), .close(1011, "message cut short")])
    }

    @Test("Text that is not UTF-8 is refused before it is sent (§5.6, §8.1)", .requirement(139))
    func invalidText() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        let wrong = wire.start { try await connection.stream(.text) { try await $0.write([0xFF]) } }
        #expect(wrong.error is InvalidTextError)
        #expect(try wire.takeFrames().isEmpty, "of a message that never began nothing is seen")

        let halfway = wire.start {
            try await connection.stream(.text) { writer in
                try await writer.write("fine ")
                try await writer.write([0xC0])
            }
        }
        #expect(halfway.error is InvalidTextError)
        #expect(try wire.takeFrames() == [.text("fine ", isFinal: false), .close(1011, "message cut short")])
    }

    @Test("Text that would end inside a code point is never ended (§5.6)", .requirement(139))
    func endsInsideCodePoint() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        let stream = wire.start { try await connection.stream(.text) { try await $0.write([0xE2, 0x82]) } }
        #expect(stream.error is InvalidTextError)
        let frames = try wire.takeFrames()
        #expect(frames.map(\.opcode) == [1, 8])
        #expect(frames.first?.isFinal == false)
    }

    @Test("When the connection closes meanwhile, writer and waiting streams are told (§6.1)", .requirement(141))
    func closedMeanwhile() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        let gate = Gate()
        let writing = wire.start {
            try await connection.stream(.text) { writer in
                try await writer.write("a")
                await gate.wait()
                try await writer.write("b")
            }
        }
        let waiting = wire.start { try await connection.stream(.text) { try await $0.write("c") } }
        try wire.receive(.close(1001))
        #expect(waiting.error is ConnectionClosedError)
        gate.open()
        wire.run()
        #expect(writing.error is ConnectionClosedError)
        #expect(try wire.takeFrames() == [.text("a", isFinal: false), .close(1001)])
    }
}
