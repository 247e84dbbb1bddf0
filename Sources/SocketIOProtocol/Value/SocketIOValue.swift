public import OrderedCollections

/// What events and acknowledgments carry: a value of JSON (RFC 8259), or bytes.
///
/// Literals make values, so that mixed ones are easily written: `["name": "ann", "tags": [1, nil]] as SocketIOValue`.
public enum SocketIOValue: Sendable, Hashable {
    case null
    case bool(Bool)
    /// A number without fraction or exponent that fits.
    case integer(Int64)
    /// Any other number. What is not finite is sent as null, as JavaScript does.
    case double(Double)
    case string(String)
    case array([SocketIOValue])
    /// Keeps the order of its keys. Of equal keys in what was received, the last counts.
    case object(OrderedDictionary<String, SocketIOValue>)
    /// Bytes, which travel beside the JSON as they are.
    case binary([UInt8])
}

// MARK: - Looking into values

extension SocketIOValue {
    public var isNull: Bool { self == .null }

    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// A number that is a whole one, however it was written.
    public var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .double(let value): Int64(exactly: value)
        default: nil
        }
    }

    public var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    public var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    public var array: [SocketIOValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    public var object: OrderedDictionary<String, SocketIOValue>? {
        if case .object(let value) = self { value } else { nil }
    }

    public var binary: [UInt8]? {
        if case .binary(let value) = self { value } else { nil }
    }

    /// The member of an object; nil if there is none, or this is no object.
    public subscript(key: String) -> SocketIOValue? { self.object?[key] }

    /// The element of an array; nil if there is none, or this is no array.
    public subscript(index: Int) -> SocketIOValue? {
        guard let array = self.array, array.indices.contains(index) else { return nil }
        return array[index]
    }
}

// MARK: - Literals

extension SocketIOValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: SocketIOValue...) { self = .array(elements) }

    /// Of equal keys the last counts.
    public init(dictionaryLiteral elements: (String, SocketIOValue)...) {
        self = .object(OrderedDictionary(elements, uniquingKeysWith: { $1 }))
    }
}

extension SocketIOValue: CustomStringConvertible {
    /// As JSON, with bytes as `<n bytes>`.
    public var description: String {
        var writer = JSONWriter(binary: .described)
        writer.write(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
