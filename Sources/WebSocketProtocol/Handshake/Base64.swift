/// Standard base64 with padding (RFC 4648 §4).
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The value of each character; 0xFF for those that are not of the alphabet.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, character) in Base64.alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    package static func encodedByteCount(_ byteCount: Int) -> Int { (byteCount + 2) / 3 * 4 }

    /// - Parameter target: has room for ``encodedByteCount(_:)`` bytes.
    /// - Returns: the number of characters.
    @discardableResult
    package static func encode(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int {
        let count = self.encodedByteCount(source.count)
        guard target.count >= count else { return 0 }
        self.alphabet.withUnsafeBufferPointer { alphabet in
            @inline(__always)
            func character(_ word: UInt32, _ shift: UInt32) -> UInt8 { alphabet[Int(word &>> shift & 0x3F)] }
            var read = 0
            var written = 0
            while read < source.count {
                let rest = source.count - read
                var word = UInt32(source[read]) << 16
                if rest > 1 { word |= UInt32(source[read + 1]) << 8 }
                if rest > 2 { word |= UInt32(source[read + 2]) }
                target[written] = character(word, 18)
                target[written + 1] = character(word, 12)
                target[written + 2] = rest > 1 ? character(word, 6) : UInt8(ascii: "=")
                target[written + 3] = rest > 2 ? character(word, 0) : UInt8(ascii: "=")
                read += 3
                written += 4
            }
        }
        return count
    }

    /// How many bytes a text decodes to.
    /// - Returns: nil unless it is whole groups of four with at most two `=` at the end.
    package static func decodedByteCount(_ text: UnsafeRawBufferPointer) -> Int? {
        guard text.count % 4 == 0 else { return nil }
        guard let last = text.last, last == UInt8(ascii: "=") else { return text.count / 4 * 3 }
        let padding = text[text.count - 2] == UInt8(ascii: "=") ? 2 : 1
        return text.count / 4 * 3 - padding
    }

    /// True for what ``decode(_:into:)`` can decode.
    package static func isValid(_ text: UnsafeRawBufferPointer) -> Bool {
        guard let count = self.decodedByteCount(text) else { return false }
        return self.values.withUnsafeBufferPointer { values in
            text.prefix(text.count - (text.count / 4 * 3 - count)).allSatisfy { values[Int($0)] != 0xFF }
        }
    }

    /// Non-zero pad bits are let through, as RFC 6455 erratum 3150 asks for: the RFC's own example has them.
    /// - Parameter target: has room for ``decodedByteCount(_:)`` bytes.
    /// - Returns: the number of bytes, or nil if the text is not base64.
    package static func decode(_ text: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int? {
        guard let count = self.decodedByteCount(text), target.count >= count else { return nil }
        var isValid = true
        self.values.withUnsafeBufferPointer { values in
            var word: UInt32 = 0
            var bitCount: UInt32 = 0
            var written = 0
            let padding = text.count / 4 * 3 - count
            for index in 0..<text.count - padding {
                let value = values[Int(text[index])]
                guard value != 0xFF else {
                    isValid = false
                    return
                }
                word = (word << 6 | UInt32(value)) & 0xFFFF
                bitCount += 6
                if bitCount >= 8 {
                    bitCount -= 8
                    target[written] = UInt8(truncatingIfNeeded: word >> bitCount)
                    written += 1
                }
            }
        }
        return isValid ? count : nil
    }

    package static func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: self.encodedByteCount(bytes.count)) { target in
            bytes.withUnsafeBytes { self.encode($0, into: UnsafeMutableRawBufferPointer(target)) }
        }
    }

    /// - Returns: nil if the text is not base64; see ``decode(_:into:)``.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        Array(text.utf8).withUnsafeBytes { text in
            guard let count = self.decodedByteCount(text) else { return nil }
            var isValid = true
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, initializedCount in
                let decoded = self.decode(text, into: UnsafeMutableRawBufferPointer(target))
                isValid = decoded != nil
                initializedCount = decoded ?? 0
            }
            return isValid ? bytes : nil
        }
    }
}
