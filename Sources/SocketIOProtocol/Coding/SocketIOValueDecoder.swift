internal import OrderedCollections

extension SocketIOValue {
    /// Makes a value of what came in. Collections of bytes, such as `[UInt8]` and `Data`, are made of binary, or of an array
    /// of numbers.
    /// - Throws: `DecodingError` if it has another form.
    public func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try self.decode(type, path: [])
    }

    fileprivate func decode<Value: Decodable>(_ type: Value.Type, path: [any CodingKey]) throws -> Value {
        if type == SocketIOValue.self, let value = self as? Value { return value }
        // One by one, a megabyte of bytes would take the better part of a second.
        if let type = type as? any RangeReplaceableCollection<UInt8>.Type, let bytes = self.bytes,
            let value = bytes.collected(as: type) as? Value
        {
            return value
        }
        return try Value(from: ValueDecoder(value: self, codingPath: path))
    }
}

extension SocketIOValue {
    /// Bytes, or numbers that are all bytes; nil if it is anything else.
    private var bytes: [UInt8]? {
        switch self {
        case .binary(let bytes): return bytes
        case .array(let values):
            var bytes: [UInt8] = []
            bytes.reserveCapacity(values.count)
            for value in values {
                guard let byte = value.integer.flatMap({ UInt8(exactly: $0) }) else { return nil }
                bytes.append(byte)
            }
            return bytes
        default: return nil
        }
    }
}

extension [UInt8] {
    fileprivate func collected<Bytes: RangeReplaceableCollection<UInt8>>(as type: Bytes.Type) -> any Collection {
        Bytes(self)
    }
}

private struct ValueDecoder: Decoder {
    let value: SocketIOValue
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard self.value.object != nil else { throw self.mismatch([String: SocketIOValue].self, "an object") }
        return KeyedDecodingContainer(KeyedContainer(decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        switch self.value {
        case .array(let values): return UnkeyedContainer(decoder: self, values: values)
        // As `Data` decodes itself.
        case .binary(let bytes): return UnkeyedContainer(decoder: self, values: bytes.map { .integer(Int64($0)) })
        default: throw self.mismatch([SocketIOValue].self, "an array")
        }
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func mismatch(_ type: any Any.Type, _ wanted: String) -> DecodingError {
        let context = DecodingError.Context(
            codingPath: self.codingPath, debugDescription: "this should be \(wanted) and is \(self.value.kind)")
        return self.value.isNull ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }
}

extension SocketIOValue {
    fileprivate var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .double: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        case .binary: "binary"
        }
    }
}

extension ValueDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { self.value.isNull }

    func decode(_ type: Bool.Type) throws -> Bool { try self.unwrap(self.value.bool, "a boolean") }
    func decode(_ type: String.Type) throws -> String { try self.unwrap(self.value.string, "a string") }
    func decode(_ type: Double.Type) throws -> Double { try self.unwrap(self.value.double, "a number") }
    func decode(_ type: Float.Type) throws -> Float { Float(try self.unwrap(self.value.double, "a number")) }
    func decode(_ type: Int.Type) throws -> Int { try self.integer() }
    func decode(_ type: Int8.Type) throws -> Int8 { try self.integer() }
    func decode(_ type: Int16.Type) throws -> Int16 { try self.integer() }
    func decode(_ type: Int32.Type) throws -> Int32 { try self.integer() }
    func decode(_ type: Int64.Type) throws -> Int64 { try self.integer() }
    func decode(_ type: UInt.Type) throws -> UInt { try self.integer() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try self.integer() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try self.integer() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try self.integer() }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try self.integer() }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try self.value.decode(type, path: self.codingPath)
    }

    private func integer<Number: FixedWidthInteger>() throws -> Number {
        let value = try self.unwrap(self.value.integer, "a whole number")
        guard let number = Number(exactly: value) else {
            throw self.mismatch(Number.self, "from \(Number.min) to \(Number.max)")
        }
        return number
    }

    private func unwrap<Value>(_ value: Value?, _ wanted: String) throws -> Value {
        guard let value else { throw self.mismatch(Value.self, wanted) }
        return value
    }
}

private struct UnkeyedContainer: UnkeyedDecodingContainer {
    let decoder: ValueDecoder
    let values: [SocketIOValue]
    private(set) var currentIndex = 0

    init(decoder: ValueDecoder, values: [SocketIOValue]) {
        self.decoder = decoder
        self.values = values
    }

    var codingPath: [any CodingKey] { self.decoder.codingPath }
    var count: Int? { self.values.count }
    var isAtEnd: Bool { self.currentIndex >= self.values.count }

    private mutating func next<Value>(_ type: Value.Type) throws -> ValueDecoder {
        let path = self.codingPath + [IndexKey(self.currentIndex)]
        guard !self.isAtEnd else {
            throw DecodingError.valueNotFound(
                type, DecodingError.Context(codingPath: path, debugDescription: "the array has no more elements"))
        }
        defer { self.currentIndex += 1 }
        return ValueDecoder(value: self.values[self.currentIndex], codingPath: path)
    }

    mutating func decodeNil() throws -> Bool {
        guard !self.isAtEnd, self.values[self.currentIndex].isNull else { return false }
        self.currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try self.next(type).decode(type) }

    mutating func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        try self.next(type).container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try self.next([SocketIOValue].self).unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder { try self.next(SocketIOValue.self) }
}

private struct KeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: ValueDecoder

    var codingPath: [any CodingKey] { self.decoder.codingPath }
    var allKeys: [Key] { self.decoder.value.object?.keys.compactMap { Key(stringValue: $0) } ?? [] }

    func contains(_ key: Key) -> Bool { self.decoder.value[key.stringValue] != nil }

    private func member(_ key: any CodingKey) throws -> ValueDecoder {
        guard let value = self.decoder.value[key.stringValue] else {
            throw DecodingError.keyNotFound(
                key,
                DecodingError.Context(codingPath: self.codingPath, debugDescription: "there is no \(key.stringValue)"))
        }
        return ValueDecoder(value: value, codingPath: self.codingPath + [key])
    }

    func decodeNil(forKey key: Key) throws -> Bool { try self.member(key).decodeNil() }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try self.member(key).decode(type)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try self.member(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try self.member(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try self.member(IndexKey.super) }

    func superDecoder(forKey key: Key) throws -> any Decoder { try self.member(key) }
}
