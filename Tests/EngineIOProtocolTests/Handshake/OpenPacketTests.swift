import Testing

@testable import EngineIOProtocol

@Suite struct OpenPacketTests {
    private func packet(_ upgrades: [EngineIOTransport], interval: Duration = .seconds(25)) -> String {
        OpenPacket(
            sessionID: "AAvYjq4vsCD1AgAAAAAB", upgrades: upgrades, pingInterval: interval,
            pingTimeout: .seconds(20), maximumPayloadByteCount: 1_000_000
        ).encoded
    }

    @Test("The five keys, as the reference writes them")
    func encoded() {
        let rest = #""pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#
        #expect(self.packet([.webSocket]) == #"0{"sid":"AAvYjq4vsCD1AgAAAAAB","upgrades":["websocket"],"# + rest)
        #expect(self.packet([]) == #"0{"sid":"AAvYjq4vsCD1AgAAAAAB","upgrades":[],"# + rest)
    }

    @Test("Times are whole milliseconds, not seconds")
    func milliseconds() {
        #expect(self.packet([], interval: .microseconds(300_900)).contains(#""pingInterval":300,"#))
    }
}
