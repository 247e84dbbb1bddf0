import Testing
import WebSocketProtocol

@Suite("Base64 (RFC 4648 §4)")
struct Base64Tests {
    @Test(
        "The RFC's test vectors (RFC 4648 §10)",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ]
    )
    func vectors(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
    }

    @Test("Every byte comes back, at every place of a group")
    func roundTrip() {
        for byte in UInt8.min...UInt8.max {
            for bytes: [UInt8] in [[byte], [0xFF, byte], [0, 0xAA, byte], [byte, byte, byte, byte]] {
                #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            }
        }
        let all = (UInt8.min...UInt8.max).map { $0 }
        #expect(Base64.decode(Base64.encode(all)) == all)
    }

    @Test("All 64 characters have their value, + and / the last two")
    func alphabet() {
        let text = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        let bytes = Base64.decode(text)
        #expect(bytes?.count == 48)
        #expect(bytes.map(Base64.encode) == text)
        #expect(Base64.decode("////") == [0xFF, 0xFF, 0xFF])
        #expect(Base64.decode("++++") == [0xFB, 0xEF, 0xBE])
    }

    @Test("Pad bits are written as zero and read as whatever they are (erratum 3150)", .requirement(31, 64))
    func padBits() {
        #expect(Base64.encode([0x00]) == "AA==")
        for last in "ABCDEFGHIJKLMNOP" { #expect(Base64.decode("A\(last)==") == [0x00]) }
        #expect(Base64.decode("AQ==") == [0x01])
        for last in "ABCD" { #expect(Base64.decode("AA\(last)=") == [0x00, 0x00]) }
    }

    @Test(
        "Anything else is malformed",
        .requirement(63),
        arguments: [
            "A", "AA", "AAA", "A===", "====", "=", "==", "AA=", "AAAAA", "AA=A", "=AAA", "A=AA", "AA==AAAA", "AAA=AAA=",
            "AA A", "AAAA\n", " AAAA", "AA\r\n", "AAA-", "AAA_", "AAAé", "AA\u{0}A", "AAA\u{212A}", "A*==",
        ]
    )
    func malformed(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
