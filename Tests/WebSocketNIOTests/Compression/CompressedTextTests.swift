import Testing

@testable import WebSocketNIO

@Suite("Compressed text (RFC 7692 §6)", .timeLimit(.minutes(1)))
struct CompressedTextTests {
    @Test("Text is checked when it comes out, not as it lies on the wire (§6)", .requirement(138, 201))
    func text() throws {
        let wire = try CompressionTests.wire()
        wire.collect()
        let invalid: [UInt8] = [0x00, 0x02, 0x00, 0xFD, 0xFF, 0xC3, 0x28, 0x00]
        try wire.receive(CompressionTests.compressed(invalid, opcode: 2))
        #expect(wire.messages == [WebSocketMessage([0xC3, 0x28])])
        try wire.receive(CompressionTests.compressed(invalid))
        #expect(try wire.takeFrames() == [.close(1007, "text is not UTF-8")])
    }

    @Test("A fragment whose text is wrong fails at once, compressed or not (§6, RFC 6455 §8.1)", .requirement(138, 201))
    func textBeforeTheEnd() throws {
        let wire = try CompressionTests.wire()
        let invalid: [UInt8] = [0x00, 0x02, 0x00, 0xFD, 0xFF, 0xC3, 0x28]
        try wire.receive(CompressionTests.compressed(invalid, isFinal: false))
        #expect(try wire.takeFrames() == [.close(1007, "text is not UTF-8")])
    }
}
