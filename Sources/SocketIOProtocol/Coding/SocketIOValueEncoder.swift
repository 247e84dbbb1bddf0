internal import OrderedCollections

extension SocketIOValue {
    /// A value as it travels. Any collection of bytes, such as `[UInt8]` and `Data`, becomes binary.
    /// - Throws: what the value's `encode(to:)` throws.
    public init(encoding value: some Encodable) throws {
        self = try SocketIOValue.encode(value, path: [])
    }

    fileprivate static func encode(_ value: some Encodable, path: [any CodingKey]) throws -> SocketIOValue {
        switch value {
        case let value as SocketIOValue: return value
        case let value as String: return .string(value)
        case let value as Bool: return .bool(value)
        case let value as Double: return .double(value)
        case let value as Float: return .double(Double(value))
        case let value as any BinaryInteger:
            guard let integer = Int64(exactly: value) else {
                throw EncodingError.invalidValue(
                    value,
                    EncodingError.Context(codingPath: path, debugDescription: "\(value) does not fit into 64 bits"))
            }
            return .integer(integer)
        case let value as any Collection<UInt8>: return .binary(Array(value))
        default:
            let node = EncodingNode()
            try value.encode(to: ValueEncoder(node: node, codingPath: path))
            return node.value
        }
    }
}

/// A value in the making: containers fill it in.
private final class EncodingNode {
    enum Content {
        case nothing
        case value(SocketIOValue)
        case array([EncodingNode])
        case object(OrderedDictionary<String, EncodingNode>)
    }

    var content = Content.nothing

    init(_ value: SocketIOValue? = nil) {
        if let value { self.content = .value(value) }
    }

    /// What encodes nothing at all is an empty object.
    var value: SocketIOValue {
        switch self.content {
        case .nothing: .object([:])
        case .value(let value): value
        case .array(let nodes): .array(nodes.map(\.value))
        case .object(let members): .object(members.mapValues(\.value))
        }
    }

    func append(_ node: EncodingNode) {
        guard case .array(var nodes) = self.content else { return }
        self.content = .nothing
        nodes.append(node)
        self.content = .array(nodes)
    }

    var count: Int { if case .array(let nodes) = self.content { nodes.count } else { 0 } }

    func set(_ key: String, _ node: EncodingNode) {
        guard case .object(var members) = self.content else { return }
        self.content = .nothing
        members[key] = node
        self.content = .object(members)
    }
}

private struct ValueEncoder: Encoder {
    let node: EncodingNode
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .nothing = self.node.content { self.node.content = .object([:]) }
        return KeyedEncodingContainer(KeyedContainer(node: self.node, codingPath: self.codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .nothing = self.node.content { self.node.content = .array([]) }
        return UnkeyedContainer(node: self.node, codingPath: self.codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        SingleContainer(node: self.node, codingPath: self.codingPath)
    }
}

private struct SingleContainer: SingleValueEncodingContainer {
    let node: EncodingNode
    let codingPath: [any CodingKey]

    func encodeNil() { self.node.content = .value(.null) }

    func encode(_ value: some Encodable) throws {
        self.node.content = .value(try SocketIOValue.encode(value, path: self.codingPath))
    }
}

private struct UnkeyedContainer: UnkeyedEncodingContainer {
    let node: EncodingNode
    let codingPath: [any CodingKey]
    var count: Int { self.node.count }

    func encodeNil() { self.node.append(EncodingNode(.null)) }

    func encode(_ value: some Encodable) throws {
        self.node.append(EncodingNode(try SocketIOValue.encode(value, path: self.path)))
    }

    private var path: [any CodingKey] { self.codingPath + [IndexKey(self.count)] }

    private func nested() -> ValueEncoder {
        let path = self.path
        let node = EncodingNode()
        self.node.append(node)
        return ValueEncoder(node: node, codingPath: path)
    }

    func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        self.nested().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { self.nested().unkeyedContainer() }

    func superEncoder() -> any Encoder { self.nested() }
}

private struct KeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: EncodingNode
    let codingPath: [any CodingKey]

    func encodeNil(forKey key: Key) { self.node.set(key.stringValue, EncodingNode(.null)) }

    func encode(_ value: some Encodable, forKey key: Key) throws {
        let value = try SocketIOValue.encode(value, path: self.codingPath + [key])
        self.node.set(key.stringValue, EncodingNode(value))
    }

    private func nested(_ key: any CodingKey) -> ValueEncoder {
        let node = EncodingNode()
        self.node.set(key.stringValue, node)
        return ValueEncoder(node: node, codingPath: self.codingPath + [key])
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        self.nested(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { self.nested(key).unkeyedContainer() }

    func superEncoder() -> any Encoder { self.nested(IndexKey.super) }

    func superEncoder(forKey key: Key) -> any Encoder { self.nested(key) }
}

/// The key of an element of an array, or of a superclass.
struct IndexKey: CodingKey {
    static let `super` = IndexKey(name: "super")
    let intValue: Int?
    private let name: StaticString

    /// Made when somebody asks: coding paths are made for every element, and looked at in errors.
    var stringValue: String { self.intValue.map { "Index \($0)" } ?? "\(self.name)" }

    init(_ index: Int) {
        self.intValue = index
        self.name = ""
    }

    private init(name: StaticString) {
        self.intValue = nil
        self.name = name
    }

    init?(stringValue: String) { nil }

    init(intValue: Int) { self.init(intValue) }
}
