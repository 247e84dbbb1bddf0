internal import OrderedCollections

/// Reads JSON (RFC 8259), strictly: nothing before or behind it, no trailing commas, no leading zeros, valid UTF-8.
///
/// Memory grows with the bytes at hand; values nested deeper than the limit fail, so that nobody exhausts the stack.
struct JSONReader {
    private let bytes: UnsafeRawBufferPointer
    private let maximumDepth: Int
    private var index: Int

    init(_ bytes: UnsafeRawBufferPointer, from index: Int, maximumDepth: Int) {
        self.bytes = bytes
        self.index = index
        self.maximumDepth = maximumDepth
    }

    /// Reads the one value that there is.
    mutating func readAll() throws(SocketIOViolation) -> SocketIOValue {
        let value = try self.readValue(depth: 0)
        self.skipBlanks()
        guard self.index == self.bytes.count else { throw .invalidJSON }
        return value
    }

    private var next: UInt8? { self.index < self.bytes.count ? self.bytes[self.index] : nil }

    private mutating func skipBlanks() {
        while let byte = self.next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { self.index += 1 }
    }

    /// Passes `byte` if it is next.
    private mutating func pass(_ byte: UInt8) -> Bool {
        guard self.next == byte else { return false }
        self.index += 1
        return true
    }

    private mutating func expect(_ word: StaticString) throws(SocketIOViolation) {
        let matches = word.withUTF8Buffer { word in
            self.bytes.count - self.index >= word.count
                && self.bytes[self.index..<self.index + word.count].elementsEqual(word)
        }
        guard matches else { throw .invalidJSON }
        self.index += word.utf8CodeUnitCount
    }

    private mutating func readValue(depth: Int) throws(SocketIOViolation) -> SocketIOValue {
        self.skipBlanks()
        switch self.next {
        case UInt8(ascii: "\""):
            return .string(try self.readString())
        case UInt8(ascii: "{"):
            return .object(try self.readObject(depth: depth + 1))
        case UInt8(ascii: "["):
            return .array(try self.readArray(depth: depth + 1))
        case UInt8(ascii: "t"):
            try self.expect("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try self.expect("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try self.expect("null")
            return .null
        default:
            return try self.readNumber()
        }
    }

    private mutating func readArray(depth: Int) throws(SocketIOViolation) -> [SocketIOValue] {
        guard depth <= self.maximumDepth else { throw .tooDeep }
        self.index += 1
        var values: [SocketIOValue] = []
        self.skipBlanks()
        if self.pass(UInt8(ascii: "]")) { return values }
        while true {
            values.append(try self.readValue(depth: depth))
            self.skipBlanks()
            if self.pass(UInt8(ascii: "]")) { return values }
            guard self.pass(UInt8(ascii: ",")) else { throw .invalidJSON }
        }
    }

    private mutating func readObject(depth: Int) throws(SocketIOViolation) -> OrderedDictionary<String, SocketIOValue> {
        guard depth <= self.maximumDepth else { throw .tooDeep }
        self.index += 1
        var members: OrderedDictionary<String, SocketIOValue> = [:]
        self.skipBlanks()
        if self.pass(UInt8(ascii: "}")) { return members }
        while true {
            self.skipBlanks()
            guard self.next == UInt8(ascii: "\"") else { throw .invalidJSON }
            let key = try self.readString()
            self.skipBlanks()
            guard self.pass(UInt8(ascii: ":")) else { throw .invalidJSON }
            members[key] = try self.readValue(depth: depth)
            self.skipBlanks()
            if self.pass(UInt8(ascii: "}")) { return members }
            guard self.pass(UInt8(ascii: ",")) else { throw .invalidJSON }
        }
    }
}

// MARK: - Numbers (RFC 8259 §6)

extension JSONReader {
    private mutating func readNumber() throws(SocketIOViolation) -> SocketIOValue {
        let start = self.index
        var isInteger = true
        _ = self.pass(UInt8(ascii: "-"))
        if !self.pass(UInt8(ascii: "0")) { try self.readDigits() }
        if self.pass(UInt8(ascii: ".")) {
            isInteger = false
            try self.readDigits()
        }
        if self.pass(UInt8(ascii: "e")) || self.pass(UInt8(ascii: "E")) {
            isInteger = false
            if !self.pass(UInt8(ascii: "-")) { _ = self.pass(UInt8(ascii: "+")) }
            try self.readDigits()
        }
        let text = String(decoding: self.bytes[start..<self.index], as: UTF8.self)
        // Minus zero is no integer of ours, and what does not fit is none either.
        if isInteger, text != "-0", let value = Int64(text) { return .integer(value) }
        guard let value = Double(text) else { throw .invalidJSON }
        return .double(value)
    }

    private mutating func readDigits() throws(SocketIOViolation) {
        let start = self.index
        while let byte = self.next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { self.index += 1 }
        guard self.index > start else { throw .invalidJSON }
    }
}

// MARK: - Strings (RFC 8259 §7)

extension JSONReader {
    private mutating func readString() throws(SocketIOViolation) -> String {
        self.index += 1
        if let plain = try self.readPlain(), self.pass(UInt8(ascii: "\"")) { return plain }
        return try self.readEscaped()
    }

    /// The characters up to the first quotation mark; nil, and nothing read, if there is an escape before it.
    private mutating func readPlain() throws(SocketIOViolation) -> String? {
        let start = self.index
        var end = start
        while end < self.bytes.count {
            let byte = self.bytes[end]
            if byte == UInt8(ascii: "\"") {
                self.index = end
                return try JSONReader.string(self.bytes[start..<end])
            }
            if byte == UInt8(ascii: "\\") { return nil }
            guard byte >= 0x20 else { throw .invalidJSON }
            end += 1
        }
        throw .invalidJSON
    }

    private mutating func readEscaped() throws(SocketIOViolation) -> String {
        var text: [UInt8] = []
        while let byte = self.next {
            self.index += 1
            switch byte {
            case UInt8(ascii: "\""): return try JSONReader.string(text)
            case UInt8(ascii: "\\"): try self.readEscape(into: &text)
            case 0x20...: text.append(byte)
            default: throw .invalidJSON
            }
        }
        throw .invalidJSON
    }

    private mutating func readEscape(into text: inout [UInt8]) throws(SocketIOViolation) {
        guard let byte = self.next else { throw .invalidJSON }
        self.index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "u"): text.append(contentsOf: String(try self.readUnicode()).utf8)
        default: throw .invalidJSON
        }
    }

    /// The scalar of `\uXXXX`, or of two that are a surrogate pair. A surrogate without its other half becomes U+FFFD:
    /// JavaScript sends those of half emojis, and no valid text has them.
    private mutating func readUnicode() throws(SocketIOViolation) -> Unicode.Scalar {
        let first = try self.readHexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        let start = self.index
        guard first < 0xDC00, self.pass(UInt8(ascii: "\\")), self.pass(UInt8(ascii: "u")) else {
            self.index = start
            return "\u{FFFD}"
        }
        let second = try self.readHexadecimal()
        guard (0xDC00...0xDFFF).contains(second) else {
            self.index = start
            return "\u{FFFD}"
        }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
    }

    private mutating func readHexadecimal() throws(SocketIOViolation) -> UInt32 {
        guard self.bytes.count - self.index >= 4 else { throw .invalidJSON }
        var value: UInt32 = 0
        for byte in self.bytes[self.index..<self.index + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw .invalidJSON }
            value = value << 4 | UInt32(truncatingIfNeeded: digit)
        }
        self.index += 4
        return value
    }

    private static func string(_ bytes: some Sequence<UInt8>) throws(SocketIOViolation) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .invalidJSON }
        return text
    }
}
