import Testing

@testable import WebSocketDeflate

@Suite("Compressing and decompressing (RFC 7692 §7.2)")
struct DeflateTests {
    /// Compresses one message.
    static func deflate(_ bytes: [UInt8], with deflater: Deflater, after history: History? = nil) throws -> [UInt8] {
        deflater.begin(after: history)
        var room = [UInt8](repeating: 0, count: Deflater.bound(bytes.count))
        let count = room.withUnsafeMutableBytes { room in bytes.withUnsafeBytes { deflater.compress($0, into: room) } }
        return Array(room.prefix(try #require(count) - Deflater.tailByteCount))
    }

    /// Decompresses one message that comes in pieces of a size, into a room of a size.
    static func inflate(
        _ bytes: [UInt8],
        with inflater: Inflater,
        windowBits: Int = 15,
        after history: History? = nil,
        pieceByteCount: Int = .max,
        roomByteCount: Int = 4096
    ) throws -> [UInt8] {
        inflater.begin(windowBits: windowBits, after: history)
        var output: [UInt8] = []
        func feed(_ piece: [UInt8]) throws {
            try piece.withUnsafeBytes { piece in
                var rest = piece
                var room = [UInt8](repeating: 0, count: roomByteCount)
                var count = roomByteCount
                while count == roomByteCount {
                    count = try room.withUnsafeMutableBytes { try inflater.inflate(&rest, into: $0) }
                    output += room.prefix(count)
                }
                #expect(rest.isEmpty)
            }
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(pieceByteCount))
            rest = rest.dropFirst(piece.count)
            try feed(piece)
        }
        if !inflater.hasEndedEarly { try feed(Inflater.tail) }
        guard inflater.isAtBoundary else { throw InflateError() }
        return output
    }

    @Test("The example of §7.2.3.1 is decompressed, whole and byte by byte", .requirement(221, 228))
    func example() throws {
        let hello: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
        let inflater = Inflater()
        #expect(try DeflateTests.inflate(hello, with: inflater) == Array("Hello".utf8))
        #expect(
            try DeflateTests.inflate(hello, with: inflater, pieceByteCount: 1, roomByteCount: 1) == Array("Hello".utf8))
    }

    /// Texts that repeat themselves and each other, and noise.
    private func messages(_ count: Int, _ generator: inout SplitMix) -> [[UInt8]] {
        (0..<count).map { number in
            let byteCount = [0, 1, 5, 300, 5_000, 40_000][number % 6]
            if number % 5 == 4 { return (0..<byteCount).map { _ in UInt8.random(in: 0...255, using: &generator) } }
            let words = ["swift ", "martlet ", "{\"type\":\"message\",", "\"room\":7}", "never lands, "]
            var message: [UInt8] = []
            while message.count < byteCount {
                message += Array(words[Int.random(in: 0..<words.count, using: &generator)].utf8)
            }
            return Array(message.prefix(byteCount))
        }
    }

    @Test(
        "What is compressed is decompressed again: every window and level, with and without takeover",
        .requirement(221, 226, 227, 229, 230), arguments: 8...15, [1, 6, 9])
    func roundTrip(windowBits: Int, level: Int) throws {
        var generator = SplitMix(state: UInt64(windowBits * 10 + level))
        for takesOver in [true, false] {
            let deflater = Deflater(windowBits: windowBits, level: level)
            let inflater = Inflater()
            var sent = History(windowBits: windowBits)
            var received = History(windowBits: windowBits)
            for message in self.messages(18, &generator) where !message.isEmpty {
                let compressed = try DeflateTests.deflate(message, with: deflater, after: takesOver ? sent : nil)
                // Rooms smaller than the window make zlib resort to its own, which is no larger than agreed: a reference
                // from further back than the peer's window would fail.
                let inflated = try DeflateTests.inflate(
                    compressed, with: inflater, windowBits: windowBits, after: takesOver ? received : nil,
                    pieceByteCount: 1000, roomByteCount: 200)
                #expect(inflated == message)
                sent.append(message)
                received.append(message)
            }
        }
    }

    @Test("With window bits 8 nothing refers back by more than 256 bytes", .requirement(219, 226))
    func smallestWindow() throws {
        // The only repetition is 257 to 511 bytes back, within zlib's own smallest window.
        let pattern = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)
        for distance in 240...511 {
            var generator = SplitMix(state: UInt64(distance))
            let filler = (0..<(distance - pattern.count)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let message = pattern + filler + pattern
            let compressed = try DeflateTests.deflate(message, with: Deflater(windowBits: 8, level: 9))
            let inflated = try DeflateTests.inflate(
                compressed, with: Inflater(), windowBits: 8, pieceByteCount: 1, roomByteCount: 1)
            #expect(inflated == message)
        }
    }

    @Test("The examples of §7.2.3: takeover, stored block, last block, several blocks", .requirement(223, 224))
    func examples() throws {
        let hello = Array("Hello".utf8)
        let inflater = Inflater()
        var history = History(windowBits: 15)
        history.append(hello)
        #expect(try DeflateTests.inflate([0xF2, 0x00, 0x11, 0x00, 0x00], with: inflater, after: history) == hello)
        let stored: [UInt8] = [0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00]
        #expect(try DeflateTests.inflate(stored, with: inflater) == hello)
        let last: [UInt8] = [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00]
        #expect(try DeflateTests.inflate(last, with: inflater) == hello)
        let two: [UInt8] = [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00]
        #expect(try DeflateTests.inflate(two, with: inflater) == hello)
        // The last example without the padding that the RFC asks for: everybody takes it.
        #expect(try DeflateTests.inflate([0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], with: inflater) == hello)
    }

    @Test("Blocks go on after one marked as the last, anywhere, and may refer back across it", .requirement(223, 224))
    func blocksAfterTheLast() throws {
        let hello = Array("Hello".utf8)
        let last: [UInt8] = [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
        let reference: [UInt8] = [0xF2, 0x00, 0x11, 0x00, 0x00]
        for pieceByteCount in [1, 2, 3, 100] {
            let inflater = Inflater()
            let twice = try DeflateTests.inflate(
                last + last + [0x00], with: inflater, pieceByteCount: pieceByteCount, roomByteCount: 3)
            #expect(twice == hello + hello)
            let across = try DeflateTests.inflate(last + reference, with: inflater, pieceByteCount: pieceByteCount)
            #expect(across == hello + hello)
        }
    }

    @Test("The empty message is one byte (§7.2.3.6)", .requirement(225))
    func empty() throws {
        #expect(Deflater.emptyPiece == [0x00])
        #expect(try DeflateTests.inflate([0x00], with: Inflater()) == [])
        let deflater = Deflater(windowBits: 12, level: 1)
        #expect(try DeflateTests.deflate([], with: deflater) == [0x00])
    }

    @Test("A message that was sent in pieces ends with an empty block, and only its end is left off", .requirement(222))
    func pieces() throws {
        let deflater = Deflater(windowBits: 12, level: 6)
        deflater.begin(after: nil)
        var compressed: [UInt8] = []
        for piece in ["one ", "two ", "three ", "one two three"] {
            var room = [UInt8](repeating: 0, count: Deflater.bound(piece.utf8.count))
            let count = try #require(
                room.withUnsafeMutableBytes { room in
                    Array(piece.utf8).withUnsafeBytes { deflater.compress($0, into: room) }
                })
            #expect(room.prefix(count).suffix(4) == [0x00, 0x00, 0xFF, 0xFF])
            compressed += room.prefix(count)
        }
        compressed += Deflater.emptyPiece
        #expect(try DeflateTests.inflate(compressed, with: Inflater()) == Array("one two three one two three".utf8))
    }

    @Test("A stream cut short is an error at every place, and so is what is no stream", .requirement(234))
    func invalid() throws {
        let message = Array("What never lands can't be cut short: martlet, martlet, martlet".utf8)
        let compressed = try DeflateTests.deflate(message, with: Deflater(windowBits: 15, level: 6))
        let inflater = Inflater()
        for count in 1..<compressed.count {
            #expect(throws: InflateError.self, "\(count)") {
                try DeflateTests.inflate(Array(compressed.prefix(count)), with: inflater)
            }
        }
        // A block type that is not defined; a reference to before the beginning; a stored length that is not confirmed.
        for garbage: [UInt8] in [[0x06], [0xF2, 0x00, 0x11, 0x00, 0x00], [0x00, 0x05, 0x00, 0x00, 0x00, 0x41]] {
            #expect(throws: InflateError.self) { try DeflateTests.inflate(garbage, with: inflater) }
        }
        // After an error the next message is none the worse.
        #expect(try DeflateTests.inflate(compressed, with: inflater) == message)
    }

    @Test("Noise gives the same whole and byte by byte: an error, or bytes")
    func noise() {
        var generator = SplitMix(state: 7)
        let inflater = Inflater()
        for _ in 0..<3_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            let whole = try? DeflateTests.inflate(bytes, with: inflater)
            let cut = try? DeflateTests.inflate(bytes, with: inflater, pieceByteCount: 1, roomByteCount: 1)
            #expect(whole == cut)
        }
    }
}

/// Random numbers that are the same each time (SplitMix64).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var word = self.state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
