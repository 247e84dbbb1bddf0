import NIOCore
import Testing
import WebSocketDeflate
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("Compressed messages on a connection (RFC 7692 §6)", .timeLimit(.minutes(1)))
struct CompressionTests {
    static let hello: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
    static let agreement = CompressionTests.agreement()

    static func agreement(bits: Int = 12, takeover: Bool = true) -> DeflateAgreement {
        DeflateAgreement(
            sendWindowBits: bits, receiveWindowBits: bits, sendContextTakeover: takeover,
            receiveContextTakeover: takeover)
    }

    /// A connection that compresses everything, however short.
    static func wire(
        _ role: Role = .server,
        _ agreement: DeflateAgreement = CompressionTests.agreement,
        _ change: (inout ConnectionConfiguration) -> Void = { _ in }
    ) throws -> Wire {
        try Wire(role, compression: agreement) { configuration in
            configuration.compression = CompressionConfiguration()
            configuration.compression?.threshold = 0
            change(&configuration)
        }
    }

    static func compressed(_ payload: [UInt8], opcode: UInt8 = 1, isFinal: Bool = true) -> RawFrame {
        RawFrame(isFinal: isFinal, reserved: 4, opcode: opcode, payload: payload)
    }

    /// What a peer makes of a message.
    static func deflate(_ bytes: [UInt8], with deflater: Deflater, after history: History? = nil) throws -> [UInt8] {
        deflater.begin(after: history)
        var room = [UInt8](repeating: 0, count: Deflater.bound(bytes.count))
        let count = room.withUnsafeMutableBytes { room in bytes.withUnsafeBytes { deflater.compress($0, into: room) } }
        return Array(room.prefix(try #require(count) - Deflater.tailByteCount))
    }

    /// Bytes that repeat nothing, the same each time.
    static func noise(_ byteCount: Int) -> [UInt8] {
        var state: UInt64 = 1
        return (0..<byteCount).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }

    /// Zeros as deflate has them: a thousandth of their length.
    static func bomb(_ byteCount: Int) throws -> [UInt8] {
        try self.deflate([UInt8](repeating: 0, count: byteCount), with: Deflater(windowBits: 15, level: 9))
    }

    @Test(
        "A compressed message arrives decompressed, the second by the first's context (§7.2.3.2)",
        .requirement(197, 228, 229))
    func takeover() throws {
        let wire = try CompressionTests.wire()
        wire.collect()
        try wire.receive(CompressionTests.compressed(CompressionTests.hello))
        // Uncompressed messages in between don't count (§7.2.2).
        try wire.receive(.text("in between"))
        try wire.receive(CompressionTests.compressed([0xF2, 0x00, 0x11, 0x00, 0x00]))
        #expect(wire.messages.map(\.text) == ["Hello", "in between", "Hello"])
    }

    @Test("Without takeover each message begins anew (§7.1.1)", .requirement(227))
    func noTakeover() throws {
        let wire = try CompressionTests.wire(.server, CompressionTests.agreement(takeover: false))
        wire.collect()
        try wire.receive(CompressionTests.compressed(CompressionTests.hello))
        try wire.receive(CompressionTests.compressed([0xF2, 0x00, 0x11, 0x00, 0x00]))
        #expect(wire.messages.map(\.text) == ["Hello"])
        #expect(try wire.takeFrames() == [.close(1007, "invalid deflate data")])
    }

    @Test(
        "A fragmented message is decompressed as one, with control frames in between, at every cut (§6.2)",
        .requirement(200, 202))
    func fragments() throws {
        for cut in 0...CompressionTests.hello.count {
            let wire = try CompressionTests.wire()
            wire.collect()
            let first = Array(CompressionTests.hello[..<cut])
            let rest = Array(CompressionTests.hello[cut...])
            try wire.receive(CompressionTests.compressed(first, isFinal: false))
            try wire.receive(.ping([1]))
            try wire.receive(.continuation(rest, isFinal: true))
            #expect(wire.messages.map(\.text) == ["Hello"], "\(cut)")
            #expect(try wire.takeFrames() == [.pong([1])])
        }
    }

    @Test("Bytes of a compressed message may come one by one", .requirement(228))
    func byteByByte() throws {
        let wire = try CompressionTests.wire()
        wire.collect()
        for byte in wire.fromPeer(CompressionTests.compressed(CompressionTests.hello)).bytes {
            try wire.receive([byte])
        }
        #expect(wire.messages.map(\.text) == ["Hello"])
    }

    @Test(
        "RSV1 on a continuation or a control frame fails with 1002; without an agreement anywhere (§6.1)",
        .requirement(198))
    func misplacedBit() throws {
        let continuation = try CompressionTests.wire()
        try continuation.receive(CompressionTests.compressed([0xF2], isFinal: false))
        try continuation.receive(RawFrame(reserved: 4, opcode: 0, payload: [0x48]))
        #expect(try continuation.takeFrames().map { Array($0.payload.prefix(2)) } == [[0x03, 0xEA]])
        for opcode: UInt8 in [8, 9, 10] {
            let control = try CompressionTests.wire()
            try control.receive(RawFrame(reserved: 4, opcode: opcode, payload: []))
            #expect(try control.takeFrames().map { Array($0.payload.prefix(2)) } == [[0x03, 0xEA]])
        }
        for reserved: UInt8 in [1, 2, 3, 5, 6, 7] {
            let other = try CompressionTests.wire()
            try other.receive(RawFrame(reserved: reserved, opcode: 1, payload: CompressionTests.hello))
            #expect(try other.takeFrames().map { Array($0.payload.prefix(2)) } == [[0x03, 0xEA]])
        }
        let plain = try Wire(.server)
        try plain.receive(CompressionTests.compressed(CompressionTests.hello))
        #expect(try plain.takeFrames().map { Array($0.payload.prefix(2)) } == [[0x03, 0xEA]])
    }

    @Test(
        "What is sent is compressed, remembered, and read by zlib with the same window (§7.2.1)",
        .requirement(221, 229, 231), arguments: [8, 9, 12, 15])
    func sending(bits: Int) throws {
        let sender = try CompressionTests.wire(.server, CompressionTests.agreement(bits: bits))
        let receiver = try CompressionTests.wire(.client, CompressionTests.agreement(bits: bits))
        receiver.collect()
        var expected: [WebSocketMessage] = []
        for number in 1...40 {
            let message = WebSocketMessage(
                "{\"type\":\"message\",\"number\":\(number),\"text\":\""
                    + String(repeating: "swift \(number) ", count: number * 7) + "\"}")
            sender.connection.sendNow(message)
            sender.run()
            expected.append(message)
            let frames = try sender.takeFrames()
            #expect(frames.count == 1 && frames.allSatisfy { $0.reserved == 4 })
            if number > 1 { #expect((frames.first?.payload.count ?? 0) < message.bytes.readableBytes / 2) }
            try receiver.receive(frames.flatMap(\.bytes))
        }
        #expect(receiver.messages == expected)
    }

    @Test(
        "Short, opted-out and incompressible messages go as they are and are not remembered (§6.1)",
        .requirement(199, 203, 235))
    func uncompressed() throws {
        let wire = try CompressionTests.wire { $0.compression?.threshold = 10 }
        // What comes last repeats all of them; a receiver who knows none of them reads it.
        let noise = (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 167 ^ $0 >> 1) }
        let messages = [
            WebSocketMessage("short"), WebSocketMessage("a secret of some length"),
            WebSocketMessage("a prepared secret of length"), WebSocketMessage(noise),
            WebSocketMessage(
                Array("short, a secret of some length, a prepared secret of length, ".utf8) + noise + noise),
        ]
        wire.connection.sendNow(messages[0])
        wire.connection.sendNow(messages[1], compress: false)
        wire.connection.sendNow(PreparedMessage(messages[2], compress: false))
        wire.connection.sendNow(messages[3])
        wire.connection.sendNow(messages[4])
        wire.run()
        let frames = try wire.takeFrames()
        #expect(frames.map(\.reserved) == [0, 0, 0, 0, 4])
        let receiver = try CompressionTests.wire(.client)
        receiver.collect()
        try receiver.receive(frames.flatMap(\.bytes))
        #expect(receiver.messages == messages)
        // By the last one alone: what was not remembered can't be referred to.
        let late = try CompressionTests.wire(.client)
        late.collect()
        try late.receive(try #require(frames.last).bytes)
        #expect(late.messages == [messages[4]])
    }

    @Test(
        "A message sent in pieces is one compressed message; only its first frame says so (§6.1)",
        .requirement(198, 202, 222))
    func streaming() throws {
        let sender = try CompressionTests.wire()
        let receiver = try CompressionTests.wire(.client)
        receiver.collect()
        let connection = sender.connection
        for _ in 0..<2 {
            let started = sender.start {
                try await connection.stream(.text) { writer in
                    for word in ["Hello, ", "", "Hello, ", "Hello"] { try await writer.write(word) }
                }
            }
            #expect(started.value != nil)
        }
        connection.sendNow(WebSocketMessage("Hello, Hello, Hello"))
        sender.run()
        let frames = try sender.takeFrames()
        #expect(frames.map(\.reserved) == [4, 0, 0, 0, 0, 4, 0, 0, 0, 0, 4])
        try receiver.receive(frames.flatMap(\.bytes))
        #expect(receiver.messages.map(\.text) == ["Hello, Hello, Hello", "Hello, Hello, Hello", "Hello, Hello, Hello"])
    }

    @Test(
        "A prepared message is compressed once for all, and later messages may refer to it (§7.2.1)", .requirement(229))
    func prepared() throws {
        let first = try CompressionTests.wire()
        let second = try first.sibling(.server, compression: CompressionTests.agreement)
        let narrow = try first.sibling(.server, compression: CompressionTests.agreement(bits: 9))
        let plain = try first.sibling(.server)
        let prepared = PreparedMessage(WebSocketMessage("news for all of you, news for all of you"))
        for (wire, agreement) in [
            (first, CompressionTests.agreement), (second, CompressionTests.agreement),
            (narrow, CompressionTests.agreement(bits: 9)), (plain, nil),
        ] {
            let receiver = agreement == nil ? try Wire(.client) : try CompressionTests.wire(.client, agreement!)
            receiver.collect()
            wire.connection.sendNow(prepared)
            wire.connection.sendNow(WebSocketMessage("and news for all of you"))
            wire.connection.sendNow(prepared)
            wire.run()
            let frames = try wire.takeFrames()
            #expect(frames.map(\.reserved) == (agreement == nil ? [0, 0, 0] : [4, 4, 4]))
            try receiver.receive(frames.flatMap(\.bytes))
            #expect(
                receiver.messages.map(\.text) == [
                    prepared.message.text, "and news for all of you", prepared.message.text,
                ])
        }
        // Once for each set of parameters.
        #expect(prepared.compressionCount == 2)
    }

    @Test(
        "Level and memory level change what is sent, and whoever inflates it gets the same",
        arguments: [(1, 1), (9, 9), (6, 5)])
    func levels(level: Int, memoryLevel: Int) throws {
        let sender = try CompressionTests.wire {
            $0.compression?.level = level
            $0.compression?.memoryLevel = memoryLevel
        }
        let receiver = try CompressionTests.wire(.client)
        receiver.collect()
        let message = WebSocketMessage((0..<200).map { "word \($0 % 7) \($0 * $0)" }.joined(separator: ","))
        sender.connection.sendNow(message)
        sender.connection.sendNow(PreparedMessage(message))
        sender.run()
        let frames = try sender.takeFrames()
        #expect(frames.map(\.reserved) == [4, 4])
        try receiver.receive(frames.flatMap(\.bytes))
        #expect(receiver.messages == [message, message])
    }

    @Test("A client masks what is prepared with fresh keys")
    func preparedByClient() throws {
        let wire = try Wire(.client)
        let prepared = PreparedMessage(WebSocketMessage("news"))
        wire.connection.sendNow(prepared)
        wire.connection.sendNow(prepared)
        wire.run()
        let frames = try wire.takeFrames()
        #expect(frames.map(\.unmasked) == [.text("news"), .text("news")])
        #expect(frames[0].key != nil && frames[0].key != frames[1].key)
    }

    @Test("Nothing is held by a connection that has not compressed yet")
    func lazy() throws {
        let wire = try CompressionTests.wire { $0.compression?.threshold = 10 }
        wire.collect()
        try wire.receive(.text("Hello"))
        wire.connection.sendNow(WebSocketMessage("Hello"))
        wire.run()
        #expect(!wire.handler.hasCompressed)
        try wire.receive(CompressionTests.compressed(CompressionTests.hello))
        #expect(wire.handler.hasCompressed)
        wire.dropTransport()
        #expect(!wire.handler.hasCompressed)
    }
}
