/// Ids of sockets, and the secrets of those that may come back: 20 characters of base64url, random all 120 bits.
enum SocketIOID {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func make() -> String {
        var random = SystemRandomNumberGenerator()
        return String(unsafeUninitializedCapacity: 20) { characters in
            for half in 0..<2 {
                var bits = random.next()
                for index in 0..<10 {
                    characters.initializeElement(at: half * 10 + index, to: self.alphabet[Int(bits & 0x3F)])
                    bits >>= 6
                }
            }
            return 20
        }
    }
}
