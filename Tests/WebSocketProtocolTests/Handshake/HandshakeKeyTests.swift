import Testing
import WebSocketProtocol

@Suite("Handshake key (§1.3)")
struct HandshakeKeyTests {
    @Test("The RFC's key gets the RFC's answer", .requirement(45, 64, 87))
    func example() throws {
        let key = try #require(HandshakeKey(received: "dGhlIHNhbXBsZSBub25jZQ=="))
        #expect(key.acceptValue == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(
            key.acceptDigest == [
                0xB3, 0x7A, 0x4F, 0x2C, 0xC0, 0x62, 0x4F, 0x16, 0x90, 0xF6, 0x46, 0x06, 0xCF, 0x38, 0x59, 0x45, 0xB2,
                0xBE, 0xC4, 0xEA,
            ]
        )
        // §4.1 step 7 prints a key whose pad bits are not zero (erratum 3150).
        #expect(HandshakeKey(received: "AQIDBAUGBwgJCgsMDQ4PEC==") != nil)
    }

    @Test("A nonce of 16 bytes becomes 24 characters whose last is A, Q, g or w", .requirement(29, 31))
    func nonce() throws {
        #expect(HandshakeKey(nonce: (1...16).map { $0 })?.value == "AQIDBAUGBwgJCgsMDQ4PEA==")
        for last in UInt8.min...UInt8.max {
            let value = try #require(HandshakeKey(nonce: [UInt8](repeating: 7, count: 15) + [last])).value
            #expect(value.utf8.count == 24 && value.hasSuffix("=="))
            let characters = Array(value)
            #expect("AQgw".contains(characters[21]))
            #expect(HandshakeKey(received: value)?.value == value)
        }
    }

    @Test("A nonce of any other length is refused", .requirement(29), arguments: [0, 1, 15, 17, 32])
    func wrongNonce(count: Int) {
        #expect(HandshakeKey(nonce: [UInt8](repeating: 1, count: count)) == nil)
    }

    @Test(
        "A received key must decode to exactly 16 bytes",
        .requirement(63),
        arguments: [
            "", "AAAA", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===",
            "dGhlIHNhbXBsZSBub25jZTA=", "dGhlIHNhbXBsZSBub25jZTAw", "dGhlIHNhbXBsZSBub25jZQ== ",
            " dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j\r\n==", "dGhlIHNhbXBsZSBub25jZ_==",
            "dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZé==",
        ]
    )
    func malformed(value: String) {
        #expect(HandshakeKey(received: value) == nil)
    }
}
