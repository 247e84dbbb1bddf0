import Testing

@testable import WebSocketDeflate

@Suite("Compressing and decompressing (RFC 7692 §7.2)")
struct DeflateTests {
    /// Compresses one message.
    static func deflate(_ bytes: [UInt8], with deflater: Deflater, after history: History? = nil) throws -> [UInt8] {
        deflater.begin(after: history)
        var room = [UInt8](repeating: 0, count: Deflater.bound(bytes.count))
        let count = room.withUnsafeMutableBytes { room in bytes.withUnsafeBytes { deflater.compress($0, into: room) } }
        return Array(room.prefix(try #require(count) - Deflater.tailByteCount))
    }

    /// Decompresses one message that comes in pieces of a size, into a room of a size.
    static func inflate(
        _ bytes: [UInt8],
        with inflater: Inflater,
        windowBits: Int = 15,
        after history: History? = nil,
        pieceByteCount: Int = .max,
        roomByteCount: Int = 4096
    ) throws -> [UInt8] {
        inflater.begin(windowBits: windowBits, after: history)
        var output: [UInt8] = []
        func feed(_ piece: [UInt8]) throws {
            try piece.withUnsafeBytes { piece in
                var rest = piece
                var room = [UInt8](repeating: 0, count: roomByteCount)
                var count = roomByteCount
                while count == roomByteCount {
                    count = try room.withUnsafeMutableBytes { try inflater.inflate(&rest, into: $0) }
                    output += room.prefix(count)
                }
                #expect(rest.isEmpty)
            }
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(pieceByteCount))
            rest = rest.dropFirst(piece.count)
            try feed(piece)
        }
        if !inflater.hasEndedEarly { try feed(Inflater.tail) }
        guard inflater.isAtBoundary else { throw InflateError() }
        return output
    }

    @Test("The example of §7.2.3.1 is decompressed, whole and byte by byte", .requirement(221, 228))
    func example() throws {
        let hello: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
        let inflater = Inflater()
        #expect(try DeflateTests.inflate(hello, with: inflater) == Array("Hello".utf8))
        #expect(try DeflateTests.inflate(hello, with: inflater, pieceByteCount: 1, roomByteCount: 1) == Array("Hello".utf8))
    }
}
