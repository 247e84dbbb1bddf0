package import HTTPTypes

/// Reading list-valued header fields (RFC 9110 §5.6.1): several lines count as one list.
extension HTTPFields {
    /// The members of a comma-separated list over all lines of the field, trimmed, empty ones left out.
    package func listMembers(of name: HTTPField.Name) -> [Substring] {
        self[values: name].flatMap { HTTPFields.members(of: $0) }
    }

    /// True if the list has this token, ASCII case-insensitively.
    package func contains(token: String, in name: HTTPField.Name) -> Bool {
        self.listMembers(of: name).contains { $0.equalsIgnoringASCIICase(token) }
    }

    private static func members(of value: String) -> [Substring] {
        value.utf8.split(separator: UInt8(ascii: ","))
            .map { Substring($0).trimmingOptionalWhitespace() }
            .filter { !$0.isEmpty }
    }
}

extension StringProtocol {
    /// Without spaces and tabs at both ends (OWS, RFC 9110 §5.6.3).
    package func trimmingOptionalWhitespace() -> Substring {
        // Bytes, not characters: a combining mark after a space must not hide it.
        var rest = Substring(self).utf8
        while let first = rest.first, first == 0x20 || first == 0x09 { rest = rest.dropFirst() }
        while let last = rest.last, last == 0x20 || last == 0x09 { rest = rest.dropLast() }
        return Substring(rest)
    }

    /// Byte for byte. `==` also holds for canonically equivalent text, such as the letter K and the Kelvin sign.
    package func hasSameBytes(as other: some StringProtocol) -> Bool {
        self.utf8.elementsEqual(other.utf8)
    }

    package func equalsIgnoringASCIICase(_ other: some StringProtocol) -> Bool {
        self.utf8.count == other.utf8.count
            && zip(self.utf8, other.utf8).allSatisfy { $0.asciiLowercased == $1.asciiLowercased }
    }

    /// True for a non-empty token of RFC 9110 §5.6.2, which is what RFC 6455 §4.1 demands of a subprotocol.
    package var isToken: Bool {
        !self.isEmpty && self.utf8.allSatisfy(\.isTokenCharacter)
    }
}

extension UInt8 {
    package var asciiLowercased: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }

    /// `tchar` of RFC 9110 §5.6.2.
    package var isTokenCharacter: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default:
            false
        }
    }

    /// A byte that may stand in a header field value: visible ASCII, space, tab, or obs-text (RFC 9110 §5.5). CR, LF and
    /// NUL, with which a value could break out of its line, are not among them.
    package var isFieldValueByte: Bool {
        self == 0x09 || (self >= 0x20 && self != 0x7F)
    }
}
