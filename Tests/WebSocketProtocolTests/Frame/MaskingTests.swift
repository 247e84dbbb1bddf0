import Testing
import WebSocketProtocol

@Suite("Masking (§5.3)")
struct MaskingTests {
    private static let key = MaskingKey(0x37, 0xFA, 0x21, 0x3D)
    private static let keyBytes: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]

    /// §5.3 word for word: j = i MOD 4, transformed-octet-i = original-octet-i XOR masking-key-octet-j.
    private func naive(_ bytes: some Collection<UInt8>, key: [UInt8]) -> [UInt8] {
        bytes.enumerated().map { $0.element ^ key[$0.offset % 4] }
    }

    @Test("The RFC's example (§5.7) unmasks to Hello", .requirement(107))
    func example() {
        let masked: [UInt8] = [0x7F, 0x9F, 0x4D, 0x51, 0x58]
        var plain = [UInt8](repeating: 0, count: 5)
        masked.withUnsafeBytes { source in
            plain.withUnsafeMutableBytes { destination in
                guard let from = source.baseAddress, let to = destination.baseAddress else { return }
                _ = Masking.copy(from: from, to: to, count: 5, key: Self.key)
            }
        }
        #expect(plain == Array("Hello".utf8))
    }

    @Test(
        "The vector loop gives what the RFC's formula gives, and stays in its range",
        .requirement(107, 108),
        arguments: 0...130
    )
    func everyLength(count: Int) {
        let source = (0..<(count + 16)).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ 5) }
        for from in 0..<8 {
            let expected = self.naive(source[from..<(from + count)], key: Self.keyBytes)
            for to in 0..<8 {
                var destination = [UInt8](repeating: 0xEE, count: count + 16)
                let isASCII = source.withUnsafeBytes { source in
                    destination.withUnsafeMutableBytes { destination in
                        guard let read = source.baseAddress, let write = destination.baseAddress else { return false }
                        return Masking.copy(from: read + from, to: write + to, count: count, key: Self.key)
                    }
                }
                let matches =
                    destination[to..<(to + count)].elementsEqual(expected)
                    && destination[..<to].allSatisfy { $0 == 0xEE }
                    && destination[(to + count)...].allSatisfy { $0 == 0xEE }
                #expect(matches, "\(count) bytes from offset \(from) to offset \(to)")
                #expect(isASCII == expected.allSatisfy { $0 < 0x80 })
            }
        }
    }

    @Test("Masking in place, twice, gives the original", .requirement(107, 108), arguments: 0...130)
    func inPlace(count: Int) {
        for from in 0..<8 {
            let original = (0..<(count + 16)).map { UInt8(truncatingIfNeeded: $0 &* 41) }
            var bytes = original
            func mask() {
                bytes.withUnsafeMutableBytes { bytes in
                    guard let base = bytes.baseAddress else { return }
                    _ = Masking.copy(from: base + from, to: base + from, count: count, key: Self.key)
                }
            }
            mask()
            #expect(
                bytes[from..<(from + count)].elementsEqual(
                    self.naive(original[from..<(from + count)], key: Self.keyBytes)))
            #expect(bytes[..<from] == original[..<from] && bytes[(from + count)...] == original[(from + count)...])
            mask()
            #expect(bytes == original)
        }
    }

    @Test("One byte above 0x7F anywhere makes the copy non-ASCII", arguments: 1...100)
    func seesEveryHighByte(count: Int) {
        var destination = [UInt8](repeating: 0, count: count)
        func copiesASCII(_ source: [UInt8]) -> Bool {
            source.withUnsafeBytes { source in
                destination.withUnsafeMutableBytes { destination in
                    guard let from = source.baseAddress, let to = destination.baseAddress else { return false }
                    return Masking.copy(from: from, to: to, count: count, key: .none)
                }
            }
        }
        #expect(copiesASCII([UInt8](repeating: 0x7F, count: count)))
        for position in 0..<count {
            var source = [UInt8](repeating: 0x7F, count: count)
            source[position] = 0x80
            #expect(!copiesASCII(source), "the high byte at \(position) of \(count)")
        }
    }

    @Test("A message masked in two pieces at any point equals one masked whole", .requirement(107))
    func phase() {
        let source = (0..<70).map { UInt8($0) }
        let expected = self.naive(source, key: Self.keyBytes)
        for cut in 0...source.count {
            var destination = [UInt8](repeating: 0, count: source.count)
            source.withUnsafeBytes { source in
                destination.withUnsafeMutableBytes { destination in
                    guard let from = source.baseAddress, let to = destination.baseAddress else { return }
                    _ = Masking.copy(from: from, to: to, count: cut, key: Self.key)
                    let rest = Self.key.advanced(by: cut)
                    _ = Masking.copy(from: from + cut, to: to + cut, count: source.count - cut, key: rest)
                }
            }
            #expect(destination == expected, "cut at \(cut)")
        }
    }
}

@Suite("Masking key (§5.3)")
struct MaskingKeyTests {
    @Test("Bytes are numbered as on the wire and repeat every four", .requirement(107))
    func byteOrder() {
        let key = MaskingKey(0x01, 0x02, 0x03, 0x04)
        #expect((0..<9).map(key.byte(at:)) == [1, 2, 3, 4, 1, 2, 3, 4, 1])
        #expect(key == MaskingKey(rawValue: 0x0403_0201))
        #expect((0..<4).allSatisfy { MaskingKey.none.byte(at: $0) == 0 })
    }

    @Test("An advanced key starts where the last piece ended", .requirement(107))
    func advanced() {
        let key = MaskingKey(0x01, 0x02, 0x03, 0x04)
        for count in [0, 1, 2, 3, 4, 5, 125, 126, 65535, Int.max] {
            for index in 0..<4 {
                #expect(key.advanced(by: count).byte(at: index) == key.byte(at: (count % 4) + index))
            }
        }
    }
}
