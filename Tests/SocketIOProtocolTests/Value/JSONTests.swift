import Testing

@testable import SocketIOProtocol

@Suite struct JSONTests {
    private func read(_ bytes: [UInt8], maximumDepth: Int = 8) throws -> SocketIOValue {
        try bytes.withUnsafeBytes { bytes in
            var reader = JSONReader(bytes, from: 0, maximumDepth: maximumDepth)
            return try reader.readAll()
        }
    }

    private func read(_ text: String, maximumDepth: Int = 8) throws -> SocketIOValue {
        try self.read(Array(text.utf8), maximumDepth: maximumDepth)
    }

    private func write(_ value: SocketIOValue) -> String {
        var writer = JSONWriter()
        writer.write(value)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test(
        "Values of every kind (RFC 8259 §3)",
        arguments: [
            ("null", nil), ("true", true), (" false ", false), ("\t[\r\n]", []), ("{ }", [:]), ("\"\"", ""),
            ("[1,[2],{}]", [1, [2], [:]]), (#"{"a":{"b":[null]} , "c":"d"}"#, ["a": ["b": [nil]], "c": "d"]),
            (#"{"a":1,"b":2,"a":3}"#, ["a": 3, "b": 2]),
        ] as [(String, SocketIOValue)])
    func values(text: String, value: SocketIOValue) throws {
        #expect(try self.read(text) == value)
    }

    @Test(
        "Numbers are whole ones as long as they fit (RFC 8259 §6)",
        arguments: [
            ("0", .integer(0)), ("-0", .double(-0.0)), ("-12", .integer(-12)), ("1.0", .double(1)),
            ("1e2", .double(100)),
            ("1E+2", .double(100)), ("-1.5e-3", .double(-0.0015)), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .double(9_223_372_036_854_775_808)),
        ] as [(String, SocketIOValue)])
    func numbers(text: String, value: SocketIOValue) throws {
        #expect(try self.read(text) == value)
    }

    @Test(
        "Escapes (RFC 8259 §7); half a surrogate pair is no character",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u00e9\u001E""#, "é\u{1E}"),
            (#""\uD83D\ude00!""#, "😀!"),
            (#""\ud83d""#, "\u{FFFD}"), (#""\ud83d\n""#, "\u{FFFD}\n"), (#""\ud83d\u0041""#, "\u{FFFD}A"),
            (#""\ude00x""#, "\u{FFFD}x"), (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"), ("\"é😀\"", "é😀"),
        ])
    func strings(text: String, value: String) throws {
        #expect(try self.read(text) == .string(value))
    }

    @Test(
        "What is no JSON",
        arguments: [
            "", " ", "nul", "nulll", "True", "1 2", "01", "-", "+1", ".5", "1.", "1e", "1e+", "0x1", "NaN", "Infinity",
            "[", "]",
            "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}",
            "{\"a\" 1}", "\"", "\"a",
            "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud83d\\u12\"", "\"a\nb\"", "\"\u{1}\"", "'a'", "[1]]",
            "\u{FEFF}1",
        ])
    func invalid(text: String) {
        #expect(throws: SocketIOViolation.invalidJSON) { try self.read(text) }
    }

    @Test(
        "Text is UTF-8 to the last byte",
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0x5C, 0x6E, 0x80, 0x22],
        ]
            as [[UInt8]])
    func notUTF8(bytes: [UInt8]) {
        #expect(throws: SocketIOViolation.invalidJSON) { try self.read(bytes) }
    }

    @Test("Nesting has a limit, which is no matter of the stack")
    func depth() throws {
        #expect(try self.read("[[[[]]]]", maximumDepth: 4) == [[[[]]]])
        #expect(throws: SocketIOViolation.tooDeep) { try self.read("[[[[[]]]]]", maximumDepth: 4) }
        #expect(throws: SocketIOViolation.tooDeep) { try self.read(#"{"a":[{"b":[{}]}]}"#, maximumDepth: 4) }
        #expect(throws: SocketIOViolation.tooDeep) { try self.read(String(repeating: "[", count: 1_000_000)) }
    }

    @Test("Every prefix of a document is none")
    func prefixes() throws {
        let document = Array(#"{"a\n":[1.5e3,"é\u00e9",{"b":null}],"c":true}"#.utf8)
        _ = try self.read(document)
        for end in document.indices {
            #expect(throws: SocketIOViolation.invalidJSON) { try self.read(Array(document[..<end])) }
        }
    }

    @Test("What is written is as short as it gets, and what separates packets never occurs in it")
    func writing() {
        #expect(
            self.write(["a": [nil, true, -5, 1.5, 1e300, "x"], "b": [:]])
                == #"{"a":[null,true,-5,1.5,1e+300,"x"],"b":{}}"#)
        #expect(self.write("\"\\\n\r\t\u{1E}\u{1}é😀/") == #""\"\\\n\r\t\u001e\u0001é😀/""#)
        #expect(self.write([.double(.infinity), .double(.nan), .double(-0.0)]) == "[null,null,-0.0]")
    }

    @Test("What is written is read again")
    func roundTrip() throws {
        let characters = (0..<0x250).compactMap { Unicode.Scalar($0) }.map(Character.init)
        let value: SocketIOValue = [
            .string(String(characters)), .double(.greatestFiniteMagnitude), .double(.leastNonzeroMagnitude),
            .integer(.min), ["é\u{1E}": ["": nil]],
        ]
        #expect(try self.read(self.write(value)) == value)
    }

    @Test("Objects keep the order of their keys")
    func order() throws {
        let text = #"{"z":1,"a":2,"m":3}"#
        #expect(try self.write(self.read(text)) == text)
    }

    @Test("Bytes are for people a number of bytes")
    func description() {
        #expect(("\(["a": .binary([1, 2, 3])] as SocketIOValue)") == #"{"a":<3 bytes>}"#)
    }
}
