/// The id of a session: 20 characters of base64url, 108 of their 120 bits random.
///
/// The first two characters say which event loop the session lives on, so that a request finds it without a table that
/// all loops share. They tell nothing that a client could use.
package enum SessionID {
    package static let characterCount = 20
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    /// What two characters can tell apart.
    package static let maximumLoopCount = 4096

    /// - Parameters:
    ///   - loop: the number of the event loop, below ``maximumLoopCount``.
    ///   - random: 128 unpredictable bits.
    package static func make(loop: Int, random: (UInt64, UInt64)) -> String {
        String(unsafeUninitializedCapacity: self.characterCount) { characters in
            func put(_ index: Int, _ bits: UInt64) {
                characters.initializeElement(at: index, to: self.alphabet[Int(bits & 0x3F)])
            }
            let loop = UInt64(truncatingIfNeeded: loop)
            put(0, loop >> 6)
            put(1, loop)
            // Nine characters take 54 bits of each word.
            for index in 0..<9 {
                put(2 + index, random.0 >> UInt64(6 * index))
                put(11 + index, random.1 >> UInt64(6 * index))
            }
            return self.characterCount
        }
    }

    /// The number of the event loop that a session of this id lives on, if there is one.
    /// - Returns: nil if it can't be an id of ours.
    package static func loop(of id: some StringProtocol) -> Int? {
        let characters = id.utf8
        guard characters.count == self.characterCount else { return nil }
        var loop = 0
        for character in characters.prefix(2) {
            guard let value = self.alphabet.firstIndex(of: character) else { return nil }
            loop = loop << 6 | value
        }
        return loop
    }
}
