import HTTPTypes
import Testing
import WebSocketProtocol

@Suite("Header field lists (RFC 9110 §5.6)")
struct HeaderFieldsTests {
    @Test("Several lines count as one list; empty members are left out", .requirement(62, 68))
    func members() {
        let fields = headerFields(
            (.connection, "keep-alive ,\tUpgrade"),
            (.connection, ",, "),
            (.upgrade, "h2c"),
            (.connection, "close")
        )
        #expect(fields.listMembers(of: .connection) == ["keep-alive", "Upgrade", "close"])
        #expect(fields.contains(token: "upgrade", in: .connection))
        #expect(fields.contains(token: "CLOSE", in: .connection))
        #expect(!fields.contains(token: "up", in: .connection))
        #expect(fields.listMembers(of: .secWebSocketProtocol).isEmpty)
    }

    @Test("Case is that of ASCII, not of Unicode", .requirement(61, 62, 271))
    func asciiCase() {
        #expect("WebSocket".equalsIgnoringASCIICase("websocket"))
        #expect(!"web\u{17F}ocket".equalsIgnoringASCIICase("websocket"), "long s")
        #expect(!"webso\u{441}ket".equalsIgnoringASCIICase("websocket"), "Cyrillic es")
        #expect(!"webSoc\u{212A}et".equalsIgnoringASCIICase("websocket"), "Kelvin sign")
        #expect(!"@".equalsIgnoringASCIICase("`"), "no letters")
        #expect(!"[".equalsIgnoringASCIICase("{"), "no letters")
        #expect(!"websocket2".equalsIgnoringASCIICase("websocket"))
    }

    @Test("Only spaces and tabs are trimmed, even before a combining mark")
    func trimming() {
        #expect(" \t a b\t ".trimmingOptionalWhitespace() == "a b")
        #expect("".trimmingOptionalWhitespace() == "")
        #expect(" \t ".trimmingOptionalWhitespace() == "")
        #expect(Array("\u{A0}a\n".trimmingOptionalWhitespace().utf8) == [0xC2, 0xA0, 0x61, 0x0A])
        #expect(Array(" \u{301}".trimmingOptionalWhitespace().utf8) == [0xCC, 0x81])
    }

    @Test("A token is made of visible ASCII without separators (§4.1)", .requirement(35))
    func tokens() {
        let separators = Set("()<>@,;:\\\"/[]?={} \t".utf8)
        for byte in UInt8.min...UInt8.max {
            let isToken = (0x21...0x7E).contains(byte) && !separators.contains(byte)
            #expect(byte.isTokenCharacter == isToken, "\(byte)")
        }
        #expect("graphql-transport-ws".isToken)
        #expect(!"".isToken)
        #expect(!"chat v2".isToken)
        #expect(!"chät".isToken)
    }

    @Test("A field value has no byte that ends its line (RFC 9110 §5.5)", .requirement(38, 92))
    func fieldValueBytes() {
        for byte in UInt8.min...UInt8.max {
            let isAllowed = byte == 0x09 || (0x20...0x7E).contains(byte) || byte >= 0x80
            #expect(byte.isFieldValueByte == isAllowed, "\(byte)")
        }
    }
}
