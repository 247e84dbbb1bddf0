import Testing
import WebSocketProtocol

@Suite("Opcodes (§5.2)")
struct OpcodeTests {
    @Test("Six opcodes are known; 8, 9 and A are control frames", .requirement(98))
    func known() {
        let known = (UInt8(0)...15).compactMap(Opcode.init(rawValue:))
        #expect(known == [.continuation, .text, .binary, .close, .ping, .pong])
        #expect(known.filter(\.isControl) == [.close, .ping, .pong])
    }

    @Test("A message starts with the opcode of its kind (§5.6)", .requirement(142))
    func kinds() {
        #expect(MessageKind.text.opcode == .text)
        #expect(MessageKind.binary.opcode == .binary)
    }
}
