import Testing

@testable import WebSocketDeflate

@Suite("What a connection remembers between compressed messages")
struct HistoryTests {
    @Test("A history keeps the last bytes, as many as the window has")
    func lastBytes() {
        var history = History(windowBits: 8)
        var all: [UInt8] = []
        for count in [0, 1, 100, 155, 1, 256, 300, 7, 255, 0, 513] + [Int](repeating: 1, count: 300) {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: (all.count + $0) * 7 >> 2) }
            history.append(bytes)
            all += bytes
            #expect(history.bytes == Array(all.suffix(256)))
        }
    }

    @Test("A large window takes memory as it fills, and never more than it has")
    func capacity() {
        var history = History(windowBits: 15)
        #expect(history.capacity == 0)
        history.append([UInt8](repeating: 1, count: 200))
        #expect(history.capacity < 5000)
        // An array has its own header in the same allocation, so what is asked for is rounded up a little.
        for _ in 0..<1000 { history.append([UInt8](repeating: 1, count: 200)) }
        #expect(history.capacity < 33_000)
        #expect(history.bytes.count == 32_768)
    }

    @Test("zlib takes a history in two runs for one", .requirement(228, 229))
    func twoRuns() throws {
        var history = History(windowBits: 9)
        let text = Array("the oldest words are here and the newest words are there; ".utf8)
        history.append([UInt8](repeating: 0x2A, count: 500))
        history.append(text)
        var runCount = 0
        history.forEachRun { _ in runCount += 1 }
        #expect(runCount == 2)
        let compressed = try DeflateTests.deflate(text, with: Deflater(windowBits: 9, level: 9), after: history)
        #expect(compressed.count < 10, "the repetition, which lies across both runs, was found")
        #expect(try DeflateTests.inflate(compressed, with: Inflater(), windowBits: 9, after: history) == text)
    }
}

extension History {
    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { self.append($0) }
    }

    fileprivate var bytes: [UInt8] {
        var bytes: [UInt8] = []
        self.forEachRun { bytes += $0 }
        return bytes
    }
}
