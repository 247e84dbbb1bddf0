import Testing

@testable import EngineIOProtocol

@Suite struct SessionIDTests {
    @Test(
        "An id has 20 characters of base64url and leads back to its event loop", arguments: [0, 1, 63, 64, 100, 4095])
    func loop(number: Int) {
        let id = SessionID.make(loop: number, random: (.max, 0x0123_4567_89AB_CDEF))
        #expect(id.utf8.count == 20)
        #expect(id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
        #expect(SessionID.loop(of: id) == number)
    }

    @Test("All of 108 random bits are in the id")
    func randomness() {
        var seen: Set<String> = []
        for bit in 0..<54 {
            seen.insert(SessionID.make(loop: 0, random: (1 << bit, 0)))
            seen.insert(SessionID.make(loop: 0, random: (0, 1 << bit)))
        }
        #expect(seen.count == 108)
    }

    @Test(
        "What is no id of ours leads nowhere",
        arguments: [
            "", "A", String(repeating: "A", count: 19), String(repeating: "A", count: 21),
            "+A" + String(repeating: "A", count: 18), "é" + String(repeating: "A", count: 18),
        ])
    func foreign(id: String) {
        #expect(SessionID.loop(of: id) == nil)
    }
}
