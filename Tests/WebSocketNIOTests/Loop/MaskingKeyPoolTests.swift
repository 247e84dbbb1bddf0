import Testing
import WebSocketProtocol

@testable import WebSocketNIO

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("Masking keys (§5.3, §10.3)", .timeLimit(.minutes(1)))
struct MaskingKeyPoolTests {
    private func bytes(of key: MaskingKey) -> [UInt8] {
        (0..<4).map { key.byte(at: $0) }
    }

    @Test("Class 17: masking keys. They do not repeat over many refills (§5.3)", .requirement(104, 105))
    func noRepeats() {
        let pool = MaskingKeyPool()
        let words = (0..<100_000).map { _ in pool.nextWord() }
        #expect(Set(words).count == words.count)
        let keys = (0..<10_000).map { _ in pool.nextKey() }
        // 10,000 random numbers of 32 bits hold 0.01 equal pairs on average; three are a chance of one in a million.
        #expect(Set(keys).count >= keys.count - 2)
    }

    @Test("Two pools do not give the same keys (§10.3)", .requirement(104))
    func independent() {
        let (first, second) = (MaskingKeyPool(), MaskingKeyPool())
        let pairs = (0..<2000).map { _ in (first.nextWord(), second.nextWord()) }
        #expect(Set(pairs.map(\.0)).isDisjoint(with: pairs.map(\.1)))
    }

    @Test("Each byte of a key takes all values equally often (§5.3)", .requirement(104))
    func chiSquare() {
        let pool = MaskingKeyPool()
        let count = 256 * 400
        var counts = [[Int]](repeating: [Int](repeating: 0, count: 256), count: 4)
        var previous: [UInt8] = [0, 0, 0, 0]
        var equalToPrevious = 0
        for _ in 0..<count {
            let bytes = self.bytes(of: pool.nextKey())
            for position in 0..<4 { counts[position][Int(bytes[position])] += 1 }
            equalToPrevious += zip(bytes, previous).count { $0 == $1 }
            previous = bytes
        }
        let expected = Double(count) / 256
        for position in 0..<4 {
            let chiSquare = counts[position].reduce(0.0) {
                $0 + (Double($1) - expected) * (Double($1) - expected) / expected
            }
            // 255 degrees of freedom: mean 255, standard deviation 22.6; this is six of them to either side.
            #expect((120...391).contains(chiSquare))
        }
        // A key does not depend on the one before: 4 × 102,400 ⁄ 256 equal bytes, standard deviation 40.
        #expect((1360...1840).contains(equalToPrevious))
    }

    @Test("Keys and words may be drawn in turn, over the end of a block")
    func mixed() {
        let pool = MaskingKeyPool()
        var words = Set<UInt64>()
        for round in 0..<5000 {
            if round % 3 == 0 { _ = pool.nextKey() }
            words.insert(pool.nextWord())
        }
        #expect(words.count == 5000)
        #expect(!words.contains(0))
    }

    #if os(Linux)
        @Test("The child of a fork does not use its parent's keys (§10.3)", .requirement(105))
        func fork() throws {
            let pool = MaskingKeyPool()
            _ = pool.nextWord()
            var ends: [CInt] = [0, 0]
            try #require(pipe(&ends) == 0)
            let count = 64
            let words = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
            defer { words.deallocate() }
            let child = Glibc.fork()
            try #require(child >= 0)
            if child == 0 {
                // Only what is safe between fork and exec: no allocation. Should it hang all the same, it ends.
                alarm(10)
                for index in 0..<count { words[index] = pool.nextWord() }
                _ = write(ends[1], words, count * 8)
                _exit(0)
            }
            close(ends[1])
            var received = 0
            while received < count * 8 {
                let more = read(ends[0], UnsafeMutableRawPointer(words) + received, count * 8 - received)
                guard more > 0 else { break }
                received += more
            }
            close(ends[0])
            var status: CInt = 0
            waitpid(child, &status, 0)
            #expect(received == count * 8)
            let childs = Set(UnsafeBufferPointer(start: words, count: count))
            let parents = Set((0..<count).map { _ in pool.nextWord() })
            #expect(childs.count == count)
            #expect(!childs.contains(0))
            #expect(childs.isDisjoint(with: parents))
        }
    #endif
}
