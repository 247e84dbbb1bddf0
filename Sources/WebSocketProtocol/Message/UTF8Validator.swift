/// Checks UTF-8 as it arrives and says no at the first wrong byte (RFC 3629, RFC 6455 §8.1).
///
/// The state is what the next byte may be, so a code point may be split over any number of calls. Overlong forms,
/// surrogates and code points above U+10FFFF already fail at their second byte.
public struct UTF8Validator: Sendable, Hashable {
    /// Continuation bytes still missing from the code point at hand: 0 … 3.
    private var missing: UInt8 = 0
    /// The bounds of the next continuation byte.
    private var lower: UInt8 = 0x80
    private var upper: UInt8 = 0xBF

    public init() {}

    /// True if the bytes so far do not end inside a code point.
    public var isAtBoundary: Bool { self.missing == 0 }

    /// - Returns: false if a byte can't follow what came before; the validator is of no use after that.
    public mutating func validate(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        let count = bytes.count
        var index = 0
        while index < count {
            if self.missing == 0 {
                index = UTF8Validator.skipASCII(base, from: index, count: count)
                guard let next = UTF8Validator.skipWholeSequences(base, from: index, count: count) else { return false }
                index = next
                guard index < count else { return true }
                guard self.begin(base.load(fromByteOffset: index, as: UInt8.self)) else { return false }
            } else {
                let byte = base.load(fromByteOffset: index, as: UInt8.self)
                guard byte >= self.lower, byte <= self.upper else { return false }
                self.lower = 0x80
                self.upper = 0xBF
                self.missing &-= 1
            }
            index &+= 1
        }
        return true
    }

    /// Takes the first byte of a code point.
    private mutating func begin(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x00...0x7F: return true
        case 0xC2...0xDF: self.missing = 1
        case 0xE0: (self.missing, self.lower) = (2, 0xA0)  // below it: overlong
        case 0xE1...0xEC, 0xEE...0xEF: self.missing = 2
        case 0xED: (self.missing, self.upper) = (2, 0x9F)  // above it: surrogates
        case 0xF0: (self.missing, self.lower) = (3, 0x90)  // below it: overlong
        case 0xF1...0xF3: self.missing = 3
        case 0xF4: (self.missing, self.upper) = (3, 0x8F)  // above it: beyond U+10FFFF
        default: return false
        }
        return true
    }

    @inline(__always)
    private static func skipASCII(_ base: UnsafeRawPointer, from start: Int, count: Int) -> Int {
        var index = start
        while index &+ 32 <= count {
            let word = base.loadUnaligned(fromByteOffset: index, as: SIMD4<UInt64>.self)
            guard (word[0] | word[1] | word[2] | word[3]) & 0x8080_8080_8080_8080 == 0 else { break }
            index &+= 32
        }
        while index &+ 8 <= count,
            base.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
            index &+= 8
        }
        return index
    }

    /// Code points that lie whole in the buffer, until a run of ASCII or the last three bytes.
    /// - Returns: the index after them, or nil at a wrong byte.
    @inline(__always)
    private static func skipWholeSequences(_ base: UnsafeRawPointer, from start: Int, count: Int) -> Int? {
        @inline(__always)
        func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
        var index = start
        var asciiRun = 0
        while index &+ 4 <= count {
            let word = UInt32(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt32.self))
            let b0 = UInt8(truncatingIfNeeded: word)
            if b0 < 0x80 {
                index &+= 1
                asciiRun &+= 1
                if asciiRun >= 16 { return index }
                continue
            }
            asciiRun = 0
            let b1 = UInt8(truncatingIfNeeded: word &>> 8)
            let b2 = UInt8(truncatingIfNeeded: word &>> 16)
            if b0 < 0xE0 {
                guard b0 >= 0xC2, isContinuation(b1) else { return nil }
                index &+= 2
            } else if b0 < 0xF0 {
                guard isContinuation(b1), isContinuation(b2) else { return nil }
                if b0 == 0xE0 { guard b1 >= 0xA0 else { return nil } }
                if b0 == 0xED { guard b1 <= 0x9F else { return nil } }
                index &+= 3
            } else {
                let b3 = UInt8(truncatingIfNeeded: word &>> 24)
                guard b0 <= 0xF4, isContinuation(b1), isContinuation(b2), isContinuation(b3) else { return nil }
                if b0 == 0xF0 { guard b1 >= 0x90 else { return nil } }
                if b0 == 0xF4 { guard b1 <= 0x8F else { return nil } }
                index &+= 4
            }
        }
        return index
    }
}
