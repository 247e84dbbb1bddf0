import Testing

@testable import EngineIOProtocol

@Suite struct PacketTypeTests {
    @Test("Packet types are the digits 0 to 6, in the order of the protocol")
    func digits() {
        let digits = PacketType.allCases.map { String(UnicodeScalar($0.rawValue)) }
        #expect(digits == ["0", "1", "2", "3", "4", "5", "6"])
        #expect(PacketType(rawValue: UInt8(ascii: "7")) == nil)
        #expect(PacketType(rawValue: UInt8(ascii: "b")) == nil)
    }
}
