import Testing

@testable import WebSocketProtocol

@Suite("The grammar of Sec-WebSocket-Extensions (§9.1)")
struct ExtensionElementTests {
    /// An element as `name;parameter;parameter=value`, which can't be mistaken in a table.
    private func parse(_ lines: String...) -> [String]? {
        ExtensionElement.parse(lines)?.map { element in
            ([element.name] + element.parameters.map { $0.name + ($0.value.map { "=" + $0 } ?? "") })
                .joined(separator: ";")
        }
    }

    @Test("Names, parameters, tokens and quoted values, in one line or several", .requirement(51, 176, 177, 180))
    func valid() {
        #expect(self.parse() == [])
        #expect(self.parse("") == [])
        #expect(self.parse("foo") == ["foo"])
        #expect(self.parse(" foo ; a ;b = 1\t; c=\"2\" ,bar") == ["foo;a;b=1;c=2", "bar"])
        #expect(self.parse("foo", "bar; x, baz") == ["foo", "bar;x", "baz"])
        #expect(self.parse(#"foo; a="\1\0""#) == ["foo;a=10"])
        #expect(self.parse(", ,foo,, bar,") == ["foo", "bar"])
        #expect(self.parse("foo; a; a") == ["foo;a;a"])
    }

    @Test(
        "What breaks the grammar is nothing at all", .requirement(176, 177),
        arguments: [
            ";", "foo;", "foo;;a", "foo; =1", "foo; a=", "foo bar", "foo; a b", "foo; a=\"", "foo; a=\"\"",
            "foo; a=\"x y\"", "foo; a=\"x,y\"", "foo; a=\"x\\\"", "foo; a=\"x\" y", "=", "foo/bar", "\"foo\"",
            "foo; \"a\"",
            "foo; a=ü", "foo\u{1}", "foo; a=\"\\\u{1F600}\"",
        ])
    func invalid(line: String) {
        #expect(self.parse(line) == nil)
        #expect(self.parse("good", line) == nil)
    }

    @Test("Class 5: handshake CPU. A line of escapes, or of half an element, costs one pass", .requirement(182))
    func class05LinearTime() {
        // A back-tracking parser takes minutes for these.
        #expect(self.parse("a;b=\"" + String(repeating: "\\c", count: 1_000_000)) == nil)
        #expect(self.parse(String(repeating: "a;b=\"c\"", count: 200_000)) == nil)
        #expect(self.parse(String(repeating: ",", count: 1_000_000)) == [])
        #expect(self.parse("constructor; __proto__=toString") == ["constructor;__proto__=toString"])
    }
}
