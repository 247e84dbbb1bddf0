import Testing
import WebSocketProtocol

@Suite("SHA-1 (FIPS 180-4)")
struct SHA1Tests {
    private func hexadecimal(_ text: String) -> String { self.hexadecimal(Array(text.utf8)) }

    private func hexadecimal(_ message: [UInt8]) -> String {
        SHA1.hash(message).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test("The standard's examples", .requirement(192))
    func examples() {
        #expect(self.hexadecimal("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        #expect(self.hexadecimal("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(
            self.hexadecimal("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        )
        #expect(
            self.hexadecimal(
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"
            ) == "a49b2446a02c645bf419f995b67091253a04a259"
        )
        #expect(
            self.hexadecimal("The quick brown fox jumps over the lazy dog")
                == "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"
        )
    }

    @Test("Lengths around the end of a block are padded right")
    func padding() {
        let expected: [(count: Int, digest: String)] = [
            (1, "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
            (54, "b05d71c64979cb95fa74a33cdb31a40d258ae02e"),
            (55, "c1c8bbdc22796e28c0e15163d20899b65621d65a"),
            (56, "c2db330f6083854c99d4b5bfb6e8f29f201be699"),
            (57, "f08f24908d682555111be7ff6f004e78283d989a"),
            (60, "13d956033d9af449bfe2c4ef78c17c20469c4bf1"),
            (63, "03f09f5b158a7a8cdad920bddc29b81c18a551f5"),
            (64, "0098ba824b5c16427bd7a1122a5a442a25ec644d"),
            (65, "11655326c708d70319be2610e8a57d9a5b959d3b"),
            (119, "ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56"),
            (120, "f34c1488385346a55709ba056ddd08280dd4c6d6"),
            (128, "ad5b3fdbcb526778c2839d2f151ea753995e26a0"),
            (1000, "291e9a6c66994949b57ba5e650361e98fc36b1ba"),
        ]
        for (count, digest) in expected {
            #expect(self.hexadecimal([UInt8](repeating: 0x61, count: count)) == digest, "\(count) bytes")
        }
    }
}
