internal import OrderedCollections

/// Writes values as JSON (RFC 8259), as short as it gets.
///
/// Control characters are escaped, so also 0x1E, which separates packets while polling.
struct JSONWriter {
    /// What becomes of bytes.
    enum Binary {
        /// A placeholder is written and the bytes go to ``attachments``.
        case attached
        /// For people to read.
        case described
    }

    private(set) var bytes: [UInt8] = []
    private(set) var attachments: [[UInt8]] = []
    private let binary: Binary

    init(binary: Binary = .attached) {
        self.binary = binary
    }

    mutating func write(raw text: String) {
        self.bytes.append(contentsOf: text.utf8)
    }

    mutating func write(_ value: SocketIOValue) {
        switch value {
        case .null: self.write(raw: "null")
        case .bool(let value): self.write(raw: value ? "true" : "false")
        case .integer(let value): self.write(raw: value.description)
        // Swift's shortest form of a number is one of JSON's.
        case .double(let value): self.write(raw: value.isFinite ? value.description : "null")
        case .string(let value): self.write(value)
        case .array(let values): self.write(values)
        case .object(let members):
            self.bytes.append(UInt8(ascii: "{"))
            var isFirst = true
            for (key, member) in members {
                if !isFirst { self.bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                self.write(key)
                self.bytes.append(UInt8(ascii: ":"))
                self.write(member)
            }
            self.bytes.append(UInt8(ascii: "}"))
        case .binary(let value): self.write(binary: value)
        }
    }

    mutating func write(_ values: [SocketIOValue]) {
        self.bytes.append(UInt8(ascii: "["))
        var isFirst = true
        for value in values {
            if !isFirst { self.bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            self.write(value)
        }
        self.bytes.append(UInt8(ascii: "]"))
    }

    mutating func write(_ string: String) {
        self.bytes.append(UInt8(ascii: "\""))
        var string = string
        string.withUTF8 { utf8 in
            var start = 0
            for (index, byte) in utf8.enumerated() where JSONWriter.isEscaped(byte) {
                self.bytes.append(contentsOf: utf8[start..<index])
                self.writeEscape(byte)
                start = index + 1
            }
            self.bytes.append(contentsOf: utf8[start...])
        }
        self.bytes.append(UInt8(ascii: "\""))
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func writeEscape(_ byte: UInt8) {
        switch byte {
        case 0x22, 0x5C: self.bytes.append(contentsOf: [0x5C, byte])
        case 0x0A: self.write(raw: #"\n"#)
        case 0x0D: self.write(raw: #"\r"#)
        case 0x09: self.write(raw: #"\t"#)
        default:
            self.write(raw: byte < 0x10 ? #"\u000"# : #"\u00"#)
            self.write(raw: String(byte, radix: 16))
        }
    }

    private mutating func write(binary value: [UInt8]) {
        switch self.binary {
        case .attached:
            self.write(raw: #"{"_placeholder":true,"num":\#(self.attachments.count)}"#)
            self.attachments.append(value)
        case .described:
            self.write(raw: "<\(value.count) bytes>")
        }
    }
}
