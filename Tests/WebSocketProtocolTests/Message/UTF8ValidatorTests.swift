import Testing
import WebSocketProtocol

@Suite("UTF-8 validator (RFC 3629, §8.1)")
struct UTF8ValidatorTests {
    /// What a validator says of bytes that arrive in these pieces.
    private enum Verdict: Equatable {
        case whole, unfinished
        case wrong
    }

    private func verdict(_ pieces: [[UInt8]]) -> Verdict {
        var validator = UTF8Validator()
        for piece in pieces where !piece.withUnsafeBytes({ validator.validate($0) }) { return .wrong }
        return validator.isAtBoundary ? .whole : .unfinished
    }

    /// The verdict by RFC 3629 §4's grammar, byte by byte and without speed.
    private func naive(_ bytes: some Collection<UInt8>) -> Verdict {
        var rest = bytes[...]
        while let first = rest.popFirst() {
            let tails: [ClosedRange<UInt8>] =
                switch first {
                case 0x00...0x7F: []
                case 0xC2...0xDF: [0x80...0xBF]
                case 0xE0: [0xA0...0xBF, 0x80...0xBF]
                case 0xE1...0xEC, 0xEE, 0xEF: [0x80...0xBF, 0x80...0xBF]
                case 0xED: [0x80...0x9F, 0x80...0xBF]
                case 0xF0: [0x90...0xBF, 0x80...0xBF, 0x80...0xBF]
                case 0xF1...0xF3: [0x80...0xBF, 0x80...0xBF, 0x80...0xBF]
                case 0xF4: [0x80...0x8F, 0x80...0xBF, 0x80...0xBF]
                default: []
                }
            if first >= 0x80 && (first < 0xC2 || first > 0xF4) { return .wrong }
            for tail in tails {
                guard let byte = rest.popFirst() else { return .unfinished }
                guard tail.contains(byte) else { return .wrong }
            }
        }
        return .whole
    }

    /// Both edges of every class of bytes that RFC 3629 §4 tells apart.
    private static let edges: [UInt8] = [
        0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
        0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
    ]
    /// One byte of every class.
    private static let classes: [UInt8] = [
        0x41, 0x85, 0x95, 0xA5, 0xC1, 0xC3, 0xE0, 0xE5, 0xED, 0xF0, 0xF2, 0xF4, 0xF8,
    ]

    @Test("Every sequence of one and two bytes is judged as the standard library judges it", .requirement(135, 136))
    func oneAndTwoBytes() {
        for first in UInt8.min...UInt8.max {
            #expect((self.verdict([[first]]) == .whole) == (String(validating: [first], as: UTF8.self) != nil))
            for second in UInt8.min...UInt8.max {
                let bytes = [first, second]
                let isValid = String(validating: bytes, as: UTF8.self) != nil
                let verdict = self.verdict([bytes])
                if (verdict == .whole) != isValid || verdict != self.naive(bytes) {
                    Issue.record("\(bytes): \(verdict)")
                }
            }
        }
    }

    @Test("Three and four bytes from the edges of every class, alone and before ASCII", .requirement(135, 136))
    func threeAndFourBytes() {
        for first in Self.edges {
            for second in Self.edges {
                for third in Self.edges {
                    self.compare([first, second, third])
                    for fourth in Self.edges { self.compare([first, second, third, fourth]) }
                }
            }
        }
    }

    private func compare(_ bytes: [UInt8]) {
        let expected = self.naive(bytes)
        if self.verdict([bytes]) != expected { Issue.record("\(bytes) is \(expected)") }
        // More bytes behind: the step that reads whole sequences sees it now.
        let longer = bytes + [0x41, 0x41, 0x41, 0x41]
        let expectedLonger = self.naive(longer)
        if self.verdict([longer]) != expectedLonger { Issue.record("\(longer) is \(expectedLonger)") }
    }

    @Test(
        "Sequences at every offset around the vector steps of 8 and 32 bytes",
        .requirement(135, 136),
        arguments: [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 28, 29, 30, 31, 32, 33, 39, 40, 63, 64, 65]
    )
    func vectorBoundaries(offset: Int) {
        let before = [UInt8](repeating: 0x61, count: offset)
        for first in Self.classes {
            for second in Self.classes {
                for third in Self.classes {
                    let bytes = before + [first, second, third]
                    let expected = self.naive(bytes)
                    if self.verdict([bytes]) != expected { Issue.record("\(bytes) is \(expected)") }
                    let longer = bytes + [0xBF, 0x62, 0x62, 0x62, 0x62]
                    let expectedLonger = self.naive(longer)
                    if self.verdict([longer]) != expectedLonger { Issue.record("\(longer) is \(expectedLonger)") }
                }
            }
        }
    }

    @Test("All 1,112,064 code points are valid, whole and cut", .requirement(135))
    func everyScalar() {
        var bytes: [UInt8] = []
        for value in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            bytes.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
        }
        #expect(self.verdict([bytes]) == .whole)
        for size in [1021, 4096] {
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                Array(bytes[$0..<min($0 + size, bytes.count)])
            }
            #expect(self.verdict(pieces) == .whole)
        }
    }

    @Test("A code point may be split at any byte", .requirement(135))
    func splitCodePoints() {
        let text = Array("κόσμε 日本語 🐦 é plain ASCII that is longer than one vector 🏁".utf8)
        for pieces in everyCut(of: text) { #expect(self.verdict(pieces) == .whole) }
        #expect(self.verdict([[0xF0, 0x9F], [], [0x90], [0xA6]]) == .whole)
    }

    @Test("Bytes end inside a code point: no boundary", .requirement(135))
    func unfinished() {
        for bytes: [UInt8] in [[0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x90], [0x61, 0xF4]] {
            for pieces in everyCut(of: bytes) { #expect(self.verdict(pieces) == .unfinished) }
        }
    }

    struct Early: Sendable {
        var bytes: [UInt8]
        var wrongAt: Int
        init(_ bytes: [UInt8], _ wrongAt: Int) { (self.bytes, self.wrongAt) = (bytes, wrongAt) }
    }

    @Test(
        "A wrong byte is noticed as it arrives, not later",
        .requirement(135, 136, 137),
        arguments: [
            Early([0xC0, 0x80], 0), Early([0xC1, 0xBF], 0),  // overlong, two bytes
            Early([0xE0, 0x9F, 0xBF], 1), Early([0xF0, 0x8F, 0xBF, 0xBF], 1),  // overlong, three and four bytes
            Early([0xED, 0xA0, 0x80], 1), Early([0xED, 0xBF, 0xBF], 1),  // surrogates
            Early([0xF4, 0x90, 0x80, 0x80], 1), Early([0xF5, 0x80, 0x80, 0x80], 0),  // beyond U+10FFFF
            Early([0x80], 0), Early([0xBF], 0), Early([0xFE], 0), Early([0xFF], 0),
            Early([0xC3, 0x28], 1), Early([0xE2, 0x28, 0xA1], 1), Early([0xE2, 0x82, 0x28], 2),
            Early([0xF0, 0x9F, 0x90, 0x28], 3),
            // Autobahn 6.4: a valid word, then a code point above U+10FFFF.
            Early([0xCE, 0xBA, 0xE1, 0xBD, 0xB9, 0xCF, 0x83, 0xCE, 0xBC, 0xCE, 0xB5, 0xF4, 0x90, 0x80, 0x80], 12),
        ]
    )
    func failsEarly(_ early: Early) {
        for start in 0..<40 {
            let ascii = [UInt8](repeating: 0x20, count: start)
            #expect(self.verdict([ascii + early.bytes[..<early.wrongAt]]) != .wrong)
            #expect(self.verdict([ascii + early.bytes[...early.wrongAt]]) == .wrong)
            #expect(self.verdict((ascii + early.bytes[...early.wrongAt]).map { [$0] }) == .wrong)
        }
    }

    @Test("No bytes are valid")
    func empty() {
        var validator = UTF8Validator()
        let isValid = validator.validate(UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(isValid)
        #expect(validator.isAtBoundary)
    }
}
