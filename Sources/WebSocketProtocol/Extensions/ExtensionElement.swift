/// One element of `Sec-WebSocket-Extensions` (RFC 6455 §9.1): a name and its parameters.
package struct ExtensionElement: Sendable, Hashable {
    package struct Parameter: Sendable, Hashable {
        package let name: String
        /// Nil if there is no `=`.
        package let value: String?
    }

    package let name: String
    package let parameters: [Parameter]

    /// The elements of all lines of the header field, in order; several lines count as one list.
    ///
    ///     extension-list = 1#extension
    ///     extension = extension-token *( ";" extension-param )
    ///     extension-param = token [ "=" (token | quoted-string) ]
    ///
    /// One pass over the bytes: a header can't cost more than its length.
    /// - Returns: nil if a line does not follow the grammar, or a quoted value is no token once unquoted.
    package static func parse(_ lines: [String]) -> [ExtensionElement]? {
        var elements: [ExtensionElement] = []
        for line in lines {
            var scanner = Scanner(rest: Array(line.utf8)[...])
            repeat {
                scanner.skipWhitespace()
                // Empty members of a list are no error (RFC 9110 §5.6.1.2).
                if scanner.rest.isEmpty || scanner.rest.first == UInt8(ascii: ",") { continue }
                guard let element = scanner.element() else { return nil }
                elements.append(element)
            } while scanner.skip(UInt8(ascii: ","))
            guard scanner.rest.isEmpty else { return nil }
        }
        return elements
    }

    private struct Scanner {
        var rest: ArraySlice<UInt8>

        mutating func skipWhitespace() {
            self.rest = self.rest.drop { $0 == 0x20 || $0 == 0x09 }
        }

        mutating func skip(_ byte: UInt8) -> Bool {
            self.skipWhitespace()
            guard self.rest.first == byte else { return false }
            self.rest.removeFirst()
            return true
        }

        mutating func element() -> ExtensionElement? {
            guard let name = self.token() else { return nil }
            var parameters: [Parameter] = []
            while self.skip(UInt8(ascii: ";")) {
                self.skipWhitespace()
                guard let name = self.token() else { return nil }
                var value: String?
                if self.skip(UInt8(ascii: "=")) {
                    self.skipWhitespace()
                    value = self.rest.first == UInt8(ascii: "\"") ? self.quotedToken() : self.token()
                    guard value != nil else { return nil }
                }
                parameters.append(Parameter(name: name, value: value))
            }
            return ExtensionElement(name: name, parameters: parameters)
        }

        private mutating func token() -> String? {
            let token = self.rest.prefix(while: \.isTokenCharacter)
            guard !token.isEmpty else { return nil }
            self.rest = self.rest[token.endIndex...]
            return String(decoding: token, as: UTF8.self)
        }

        /// A quoted string that is a token when unquoted (§9.1).
        private mutating func quotedToken() -> String? {
            self.rest.removeFirst()
            var value: [UInt8] = []
            while let byte = self.rest.popFirst() {
                switch byte {
                case UInt8(ascii: "\""):
                    return value.isEmpty ? nil : String(decoding: value, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let escaped = self.rest.popFirst(), escaped.isTokenCharacter else { return nil }
                    value.append(escaped)
                default:
                    guard byte.isTokenCharacter else { return nil }
                    value.append(byte)
                }
            }
            return nil
        }
    }
}
