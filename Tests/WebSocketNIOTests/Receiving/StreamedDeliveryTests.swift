import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("Messages handed over piece by piece", .timeLimit(.minutes(1)))
struct StreamedDeliveryTests {
    private func streamed(_ change: @escaping (inout ConnectionConfiguration) -> Void = { _ in }) throws -> Wire {
        try Wire(.server) {
            $0.delivery = .streamed
            change(&$0)
        }
    }

    @Test("Pieces make up the message in any cut, and do not show where fragments ended", .requirement(296, 121))
    func pieces() throws {
        let frames: [RawFrame] = [
            .text("grüß", isFinal: false), .ping(), .continuation(Array(" Gott".utf8), isFinal: true),
            .binary([1, 2, 3]),
        ]
        let bytes = frames.flatMap { $0.masked().bytes }
        for cut in 0..<bytes.count {
            let wire = try self.streamed()
            let connection = wire.connection
            let received = wire.start {
                var messages: [String] = []
                for try await stream in connection.messageStreams {
                    var bytes: [UInt8] = []
                    for try await piece in stream { bytes += Array(piece.readableBytesView) }
                    messages.append("\(stream.kind) \(bytes)")
                    if messages.count == 2 { break }
                }
                return messages
            }
            try wire.receive(Array(bytes[..<cut]))
            try wire.receive(Array(bytes[cut...]))
            #expect(received.value == ["text \(Array("grüß Gott".utf8))", "binary [1, 2, 3]"], "cut at \(cut)")
        }
    }

    @Test("A piece is there before its message has ended, whatever the message limit", .requirement(296))
    func beforeTheEnd() throws {
        let wire = try self.streamed { $0.limits.maximumMessageByteCount = 4 }
        let connection = wire.connection
        let first = wire.start {
            for try await stream in connection.messageStreams {
                for try await piece in stream { return piece.readableBytes }
            }
            return 0
        }
        try wire.receive(Array(RawFrame.binary([UInt8](repeating: 1, count: 100)).masked().bytes.prefix(50)))
        #expect(first.value == 44)
    }

    @Test("A callback gets whole messages, up to the limit, and those that came before it was set", .requirement(296))
    func callbacks() throws {
        let frames: [RawFrame] = [.text("grüß", isFinal: false), .continuation(Array(" Gott".utf8), isFinal: true)]
        let bytes = frames.flatMap { $0.masked().bytes }
        for (cut, isLate) in (0..<bytes.count).flatMap({ [($0, false), ($0, true)] }) {
            let wire = try self.streamed { $0.limits.maximumMessageByteCount = 20 }
            if !isLate { wire.collect() }
            try wire.receive(Array(bytes[..<cut]))
            if isLate { wire.collect() }
            try wire.receive(Array(bytes[cut...]))
            #expect(wire.messages.map(\.text) == ["grüß Gott"])
            let full = RawFrame.binary([UInt8](repeating: 1, count: 20), isFinal: false)
            try wire.receive(full, .continuation([1], isFinal: true))
            #expect(wire.messages.count == 1)
            #expect(try wire.takeFrames().last?.payload.prefix(2) == [0x03, 0xF1])
        }
    }

    @Test("What is not read of a message is skipped", .requirement(296))
    func skipping() throws {
        let wire = try self.streamed()
        let connection = wire.connection
        let kinds = wire.start {
            var kinds: [MessageKind] = []
            for try await stream in connection.messageStreams { kinds.append(stream.kind) }
            return kinds
        }
        try wire.receive(.text("long", isFinal: false))
        try wire.receive(
            .continuation([0x21], isFinal: false), .continuation([], isFinal: true), .binary([]), .close(1000))
        wire.dropTransport()
        #expect(kinds.value == [.text, .binary])
    }

    @Test("Wrong text fails at its first wrong byte, before the message ends (§8.1)", .requirement(136, 137))
    func wrongText() throws {
        let wire = try self.streamed()
        try wire.receive(RawFrame(isFinal: false, opcode: 1, payload: [0x61, 0xC0]))
        #expect(try wire.takeFrames() == [.close(1007, "text is not UTF-8")])
    }

    @Test("A message that the end of the connection cuts short is no message (§7.1.5)", .requirement(155))
    func cutShort() throws {
        for ending in [RawFrame.close(1000), nil] {
            let wire = try self.streamed()
            let connection = wire.connection
            let pieces = wire.start {
                for try await stream in connection.messageStreams { for try await _ in stream {} }
            }
            try wire.receive(.text("half", isFinal: false))
            if let ending { try wire.receive(ending) }
            wire.dropTransport()
            #expect(pieces.error is ConnectionClosedError)
        }
    }

    @Test("Gathering pieces does not make up a whole message either (§7.1.5)", .requirement(155))
    func cutShortGathered() throws {
        let wire = try self.streamed()
        let connection = wire.connection
        let count = wire.start {
            var count = 0
            for try await _ in connection.messages { count += 1 }
            return count
        }
        try wire.receive(.text("half", isFinal: false), .close(1000))
        wire.dropTransport()
        #expect(count.value == 0)
    }

    @Test("Messages gathered from pieces keep to the message limit (§10.4)", .requirement(119))
    func gatheredLimit() throws {
        let wire = try self.streamed { $0.limits.maximumMessageByteCount = 10 }
        let connection = wire.connection
        let messages = wire.start { for try await _ in connection.messages {} }
        try wire.receive(.binary([1, 2, 3, 4, 5, 6], isFinal: false), .continuation([7, 8, 9, 10, 11], isFinal: true))
        #expect(messages.error is ConnectionClosedError)
        #expect(try wire.takeFrames() == [.close(1009, "message too big")])
    }

    @Test("With whole delivery each message is one piece", .requirement(296))
    func wholeDelivery() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        let pieces = wire.start {
            var pieces: [Int] = []
            for try await stream in connection.messageStreams {
                for try await piece in stream { pieces.append(piece.readableBytes) }
            }
            return pieces
        }
        try wire.receive(
            .binary([1], isFinal: false), .continuation([2, 3], isFinal: true), .binary([4]), .close(1000))
        wire.dropTransport()
        #expect(pieces.value == [3, 1])
    }

    @Test("Reads pause while pieces wait for the application", .requirement(294, 296))
    func pause() throws {
        let wire = try self.streamed { $0.receiveHighMark = .init(byteCount: 100, messageCount: 100) }
        try wire.receive(.binary([UInt8](repeating: 1, count: 120), isFinal: false))
        let readCount = wire.transport.readCount
        wire.channel.read()
        #expect(wire.transport.readCount == readCount)
    }
}
