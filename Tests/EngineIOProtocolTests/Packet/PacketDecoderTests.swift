import Testing

@testable import EngineIOProtocol

@Suite struct PacketDecoderTests {
    private func type(_ text: String) throws -> PacketType {
        try Array(text.utf8).withUnsafeBytes { bytes in try PacketDecoder.type(of: bytes) }
    }

    private func isProbe(_ text: String) -> Bool {
        Array(text.utf8).withUnsafeBytes { PacketDecoder.isProbe($0) }
    }

    @Test("The first byte is the type")
    func types() throws {
        #expect(try self.type("4hello") == .message)
        #expect(try self.type("5") == .upgrade)
        #expect(throws: PacketViolation.empty) { try self.type("") }
        #expect(throws: PacketViolation.unknownType) { try self.type("7") }
        #expect(throws: PacketViolation.unknownType) { try self.type("bAQID") }
        #expect(throws: PacketViolation.separator) { try self.type("4a\u{1E}4forged") }
        #expect(throws: PacketViolation.separator) { try self.type("4\u{1E}") }
    }

    @Test("A probe is exactly that")
    func probe() {
        #expect(self.isProbe("2probe"))
        for other in ["", "2", "2prob", "2probes", "2PROBE", "probe"] { #expect(!self.isProbe(other), "\(other)") }
    }
}
