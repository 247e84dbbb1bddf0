import Foundation
import Testing

@testable import SocketIOProtocol

@Suite struct CodingTests {
    struct Message: Codable, Equatable {
        enum Kind: String, Codable { case text, image }
        var kind: Kind
        var text: String?
        var count: UInt8
        var tags: [String]
        var bytes: [UInt8]
        var nested: [String: [Int?]]
        var data: Data
    }

    class Base: Codable {
        var a = 1
    }

    final class Derived: Base {
        var b = 2

        private enum Key: CodingKey { case b }

        override init() { super.init() }

        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            try super.init(from: container.superDecoder())
            self.b = try container.decode(Int.self, forKey: .b)
        }

        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try super.encode(to: container.superEncoder())
            try container.encode(self.b, forKey: .b)
        }
    }

    @Test("A structure becomes an object, and bytes in it binary; and back")
    func structure() throws {
        let message = Message(
            kind: .image, text: nil, count: 255, tags: ["a", "é"], bytes: [1, 2], nested: ["k": [1, nil]],
            data: Data([3, 4]))
        let value = try SocketIOValue(encoding: message)
        #expect(
            value == [
                "kind": "image", "count": 255, "tags": ["a", "é"], "bytes": .binary([1, 2]), "nested": ["k": [1, nil]],
                "data": .binary([3, 4]),
            ])
        #expect(try value.decoded(as: Message.self) == message)
    }

    /// Bytes that must not be decoded one by one.
    struct Bytes: RangeReplaceableCollection, Codable, Equatable {
        struct Slow: Error {}
        var bytes: [UInt8] = []

        init() {}
        init(from decoder: any Decoder) throws { throw Slow() }
        func encode(to encoder: any Encoder) throws { throw Slow() }

        var startIndex: Int { self.bytes.startIndex }
        var endIndex: Int { self.bytes.endIndex }
        subscript(index: Int) -> UInt8 { self.bytes[index] }
        func index(after index: Int) -> Int { index + 1 }
        mutating func replaceSubrange(_ range: Range<Int>, with bytes: some Collection<UInt8>) {
            self.bytes.replaceSubrange(range, with: bytes)
        }
    }

    @Test("Collections of bytes are made in one piece, of binary and of numbers")
    func bytes() throws {
        for value: SocketIOValue in [.binary([0, 7, 255]), [0, 7, 255], [0, 7.0, 255]] {
            #expect(try value.decoded(as: [UInt8].self) == [0, 7, 255])
            #expect(try value.decoded(as: Data.self) == Data([0, 7, 255]))
            #expect(try value.decoded(as: Bytes.self) == Bytes([0, 7, 255]))
            #expect(
                try SocketIOValue.object(["b": value]).decoded(as: [String: Bytes].self) == ["b": Bytes([0, 7, 255])])
        }
        #expect(try SocketIOValue(encoding: Bytes([1])) == .binary([1]))
        for value: SocketIOValue in [[0, 256], [-1], [0.5], ["0"], "AAA=", 1] {
            #expect(throws: DecodingError.self) { try value.decoded(as: [UInt8].self) }
        }
        let error = #expect(throws: DecodingError.self) { try ([1, 256] as SocketIOValue).decoded(as: [UInt8].self) }
        let path = if case .typeMismatch(_, let context) = error { context.codingPath.map(\.stringValue) } else { [""] }
        #expect(path == ["Index 1"])
    }

    @Test("Values by themselves")
    func single() throws {
        #expect(try SocketIOValue(encoding: "x") == "x")
        #expect(try SocketIOValue(encoding: true) == true)
        #expect(try SocketIOValue(encoding: Int?.none) == nil)
        #expect(try SocketIOValue(encoding: Float(0.5)) == 0.5)
        #expect(try SocketIOValue(encoding: UInt64(7)) == 7)
        #expect(try SocketIOValue(encoding: [1.5, 2]) == [1.5, 2.0])
        #expect(try SocketIOValue(encoding: Data([1])) == .binary([1]))
        #expect(try SocketIOValue(encoding: [UInt8]()) == .binary([]))
        let mixed: SocketIOValue = ["a": [1, nil, "b", .binary([1])]]
        #expect(try SocketIOValue(encoding: mixed) == mixed)
        #expect(try SocketIOValue(encoding: ["x": mixed]) == ["x": mixed])
        #expect(throws: EncodingError.self) { try SocketIOValue(encoding: UInt64.max) }
    }

    @Test("Inheritance and nested containers")
    func inheritance() throws {
        let value = try SocketIOValue(encoding: Derived())
        #expect(value == ["super": ["a": 1], "b": 2])
        #expect(try value.decoded(as: Derived.self).b == 2)
    }

    @Test("Whole numbers are whole numbers, however they are written")
    func numbers() throws {
        #expect(try SocketIOValue.double(3).decoded(as: Int.self) == 3)
        #expect(try SocketIOValue.integer(3).decoded(as: Double.self) == 3)
        #expect(try SocketIOValue.integer(3).decoded(as: SocketIOValue.self) == 3)
        #expect(throws: DecodingError.self) { try SocketIOValue.double(3.5).decoded(as: Int.self) }
        #expect(throws: DecodingError.self) { try SocketIOValue.integer(256).decoded(as: UInt8.self) }
        #expect(throws: DecodingError.self) { try SocketIOValue.integer(-1).decoded(as: UInt.self) }
        #expect(throws: DecodingError.self) { try SocketIOValue.double(1e300).decoded(as: Int.self) }
    }

    @Test("A value of another form is an error that says where and what")
    func errors() throws {
        func problem<Value: Decodable>(_ value: SocketIOValue, _ type: Value.Type) -> String {
            do {
                _ = try value.decoded(as: type)
                return "none"
            } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
                DecodingError.keyNotFound(_, let context)
            {
                return context.codingPath.map(\.stringValue).joined(separator: ".") + ": " + context.debugDescription
            } catch {
                return "\(error)"
            }
        }
        #expect(problem(5, String.self) == ": this should be a string and is a number")
        #expect(problem(nil, Int.self) == ": this should be a whole number and is null")
        #expect(problem([1, "x"], [Int].self) == "Index 1: this should be a whole number and is a string")
        #expect(
            problem(["a": ["b": nil]], [String: [String: Bool]].self) == "a.b: this should be a boolean and is null")
        #expect(problem("x", [Int].self) == ": this should be an array and is a string")
        #expect(problem([], [String: Int].self) == ": this should be an object and is an array")
        #expect(problem(["kind": "text"], Message.self) == ": there is no count")
    }

    @Test("Other coders understand values")
    func others() throws {
        let value: SocketIOValue = ["a": [1, -2.5, nil, true, "x", ["b": []]]]
        let data = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(SocketIOValue.self, from: data) == value)
    }

    @Test("Looking into values")
    func access() {
        let value: SocketIOValue = ["list": [1, "two"], "on": true]
        #expect(value["list"]?[1]?.string == "two")
        #expect(value["list"]?[2] == nil && value["nothing"] == nil && value[0] == nil)
        #expect(value["on"]?.bool == true && value["list"]?.array?.count == 2 && value.object?.count == 2)
    }
}
