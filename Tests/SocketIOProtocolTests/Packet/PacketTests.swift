import Testing

@testable import SocketIOProtocol

@Suite struct PacketTests {
    static let packets: [(String, SocketIOPacket)] = [
        ("0", SocketIOPacket(.connect(nil))),
        (#"0{"token":"123"}"#, SocketIOPacket(.connect(["token": "123"]))),
        ("0/admin,", SocketIOPacket(.connect(nil), namespace: "/admin")),
        (#"0/admin,{"sid":"x"}"#, SocketIOPacket(.connect(["sid": "x"]), namespace: "/admin")),
        ("1", SocketIOPacket(.disconnect)),
        ("1/admin,", SocketIOPacket(.disconnect, namespace: "/admin")),
        (#"2["foo"]"#, SocketIOPacket(.event("foo", [], acknowledgmentID: nil))),
        (
            #"2/admin,["bar",1,[true]]"#,
            SocketIOPacket(.event("bar", [1, [true]], acknowledgmentID: nil), namespace: "/admin")
        ),
        (#"212["foo"]"#, SocketIOPacket(.event("foo", [], acknowledgmentID: 12))),
        (#"2/admin,0["a,b/c"]"#, SocketIOPacket(.event("a,b/c", [], acknowledgmentID: 0), namespace: "/admin")),
        ("312[]", SocketIOPacket(.acknowledgment([], id: 12))),
        (#"3/admin,13["bar"]"#, SocketIOPacket(.acknowledgment(["bar"], id: 13), namespace: "/admin")),
        (
            #"4{"message":"no","data":{"code":1}}"#,
            SocketIOPacket(.connectError(["message": "no", "data": ["code": 1]]))
        ),
    ]

    private func assemble(_ text: String, _ attachments: [[UInt8]] = []) throws -> SocketIOPacket? {
        var assembler = PacketAssembler(limits: SocketIOLimits())
        var packet = try Array(text.utf8).withUnsafeBytes { bytes in try assembler.receivedText(bytes) }
        for attachment in attachments {
            try #require(packet == nil)
            packet = try assembler.receivedBinary(attachment)
        }
        return packet
    }

    @Test("Packets without attachments, both ways", arguments: PacketTests.packets)
    func plain(text: String, packet: SocketIOPacket) throws {
        #expect(try self.assemble(text) == packet)
        #expect(String(decoding: packet.encoded.text, as: UTF8.self) == text)
        #expect(packet.encoded.attachments.isEmpty)
    }

    @Test("A namespace begins with a slash, be it a character of its own or not")
    func namespaceNames() {
        #expect(SocketIOPacket.namespace(named: "chat") == "/chat")
        #expect(SocketIOPacket.namespace(named: "/chat") == "/chat")
        #expect(SocketIOPacket.namespace(named: "") == "/")
        #expect(SocketIOPacket.namespace(named: "/\u{304}") == "/\u{304}")
    }

    @Test(
        "Forms that others write",
        arguments: [
            ("0/admin", SocketIOPacket(.connect(nil), namespace: "/admin")),
            ("1/admin", SocketIOPacket(.disconnect, namespace: "/admin")),
            ("2[5,6]", SocketIOPacket(.event("5", [6], acknowledgmentID: nil))),
            (#"50-["a"]"#, SocketIOPacket(.event("a", [], acknowledgmentID: nil))),
            (#"2 ["a"]"#, SocketIOPacket(.event("a", [], acknowledgmentID: nil))),
        ])
    func lenient(text: String, packet: SocketIOPacket) throws {
        #expect(try self.assemble(text) == packet)
    }

    @Test("Bytes travel beside the text, depth first, each as a placeholder")
    func attachments() throws {
        let packet = SocketIOPacket(
            .event("e", [["a": [.binary([1]), 2], "b": .binary([])], .binary([3])], acknowledgmentID: 7),
            namespace: "/n")
        let encoded = packet.encoded
        let text =
            #"53-/n,7["e",{"a":[{"_placeholder":true,"num":0},2],"b":{"_placeholder":true,"num":1}},{"_placeholder":true,"num":2}]"#
        #expect(String(decoding: encoded.text, as: UTF8.self) == text)
        #expect(encoded.attachments == [[1], [], [3]])
        #expect(try self.assemble(text, encoded.attachments) == packet)
        let answer = SocketIOPacket(.acknowledgment([.binary([9])], id: 3))
        #expect(String(decoding: answer.encoded.text, as: UTF8.self) == #"61-3[{"_placeholder":true,"num":0}]"#)
        #expect(try self.assemble(#"61-3[{"_placeholder":true,"num":0}]"#, [[9]]) == answer)
    }

    @Test("Placeholders count only where attachments were announced")
    func userPlaceholder() throws {
        let value: SocketIOValue = ["_placeholder": true, "num": 0]
        #expect(
            try self.assemble(#"2["e",{"_placeholder":true,"num":0}]"#)
                == SocketIOPacket(.event("e", [value], acknowledgmentID: nil)))
    }

    @Test(
        "What breaks a rule",
        arguments: [
            ("", .emptyPacket), ("7", .unknownType), ("a", .unknownType), ("/", .unknownType),
            ("2", .payload), ("2[]", .payload), ("2{}", .payload), (#"2"a""#, .payload), ("2[null]", .payload),
            ("2[[]]", .payload),
            (#"2["disconnect"]"#, .reservedEvent), (#"2["newListener",1]"#, .reservedEvent),
            ("3[]", .acknowledgmentID), ("31", .payload), ("31{}", .payload), ("10", .acknowledgmentID),
            ("0[]", .payload),
            ("1{}", .payload), (#"0"x""#, .payload), ("05{}", .acknowledgmentID), ("4", .payload),
            ("41[]", .acknowledgmentID),
            ("2abc[]", .invalidJSON), (#"2["a""#, .invalidJSON), (#"2["a"]]"#, .invalidJSON),
            (#"299999999999999999999["a"]"#, .acknowledgmentID),
            (#"5["a"]"#, .attachmentCount), (#"51["a"]"#, .attachmentCount), (#"5-["a"]"#, .attachmentCount),
            ("51", .attachmentCount),
            (#"511-["a"]"#, .tooManyAttachments), (#"599999999999999999999-["a"]"#, .tooManyAttachments),
            ("0/" + String(repeating: "n", count: 256), .namespace),
        ] as [(String, SocketIOViolation)])
    func wrong(text: String, violation: SocketIOViolation) {
        #expect(throws: violation) { try self.assemble(text) }
    }

    @Test("The name of a namespace is UTF-8")
    func namespaceUTF8() {
        var assembler = PacketAssembler(limits: SocketIOLimits())
        #expect(throws: SocketIOViolation.namespace) {
            try ([0x30, 0x2F, 0xFF, 0x2C] as [UInt8]).withUnsafeBytes { bytes in try assembler.receivedText(bytes) }
        }
    }

    @Test("Placeholders name attachments that are there", arguments: ["1", "-1", "0.5", "\"0\"", "null", "1e99", "[]"])
    func wrongPlaceholder(number: String) {
        #expect(throws: SocketIOViolation.illegalAttachment) {
            try self.assemble(#"51-["a",{"_placeholder":true,"num":\#(number)}]"#, [[1]])
        }
    }

    @Test("An attachment has one place", arguments: ["[\"a\",P,P]", "[\"a\",P,[{\"x\":P}]]", "[\"a\",[P,P]]"])
    func placeholderTwice(payload: String) {
        let placeholder = #"{"_placeholder":true,"num":0}"#
        #expect(throws: SocketIOViolation.illegalAttachment) {
            try self.assemble("52-" + payload.replacing("P", with: placeholder), [[1], [2]])
        }
    }

    @Test("Attachments come when they are awaited, and nothing else does")
    func sequence() throws {
        var assembler = PacketAssembler(limits: SocketIOLimits())
        #expect(throws: SocketIOViolation.unexpectedBinary) { try assembler.receivedBinary([1]) }
        let text = Array(#"52-["a"]"#.utf8)
        #expect(try text.withUnsafeBytes { bytes in try assembler.receivedText(bytes) } == nil)
        #expect(try assembler.receivedBinary([1]) == nil)
        #expect(throws: SocketIOViolation.missingAttachment) {
            try text.withUnsafeBytes { bytes in try assembler.receivedText(bytes) }
        }
    }

    @Test("Nesting is counted in arguments: the array around them is none of it")
    func depth() throws {
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        _ = try self.assemble("2[\"a\",\(deep)]")
        #expect(throws: SocketIOViolation.tooDeep) { try self.assemble("2[\"a\",[\(deep)]]") }
    }

    @Test(
        "An offset is one more argument",
        arguments: [(#"2["a"]"#, #"2["a","e-1"]"#), (#"2/n,["a",[1]]"#, #"2/n,["a",[1],"e-1"]"#)])
    func offset(before: String, after: String) throws {
        let packet = try #require(try self.assemble(before))
        #expect(String(decoding: packet.encoded.appending(offset: "e-1").text, as: UTF8.self) == after)
    }
}
