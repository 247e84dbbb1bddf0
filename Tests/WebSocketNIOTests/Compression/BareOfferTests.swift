import Testing
import WebSocketDeflate
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("A peer that says nothing about windows (RFC 7692 §7.1.2)", .timeLimit(.minutes(1)))
struct BareOfferTests {
    /// What one who knows the answer so far makes of a compressed frame.
    private func inflate(_ payload: [UInt8], after history: History) throws -> [UInt8] {
        let inflater = Inflater()
        inflater.begin(windowBits: 12, after: history)
        var room = [UInt8](repeating: 0, count: 4096)
        let count = try (payload + Inflater.tail).withUnsafeBytes { bytes in
            var rest = bytes
            return try room.withUnsafeMutableBytes { try inflater.inflate(&rest, into: $0) }
        }
        return Array(room.prefix(count))
    }

    @Test(
        "A client that offers nothing but the name is answered, and may refer back by 32 KiB (Safari)",
        .requirement(212, 215, 229, 237))
    func server() throws {
        let offers = try #require(ExtensionElement.parse(["permessage-deflate"]))
        let answer = try #require(DeflateNegotiation.answer(offers, CompressionConfiguration()))
        #expect(answer.fieldValue == "permessage-deflate; server_max_window_bits=12")
        let wire = try CompressionTests.wire(.server, answer.agreement)
        wire.collect()
        let deflater = Deflater(windowBits: 15, level: 6)
        var (sent, received) = (History(windowBits: 15), History(windowBits: 12))
        // All of the second message is found in the first, 20,000 bytes back and nowhere nearer.
        let message = CompressionTests.noise(20_000)
        for number in 0..<3 {
            let payload = try CompressionTests.deflate(message, with: deflater, after: sent)
            message.withUnsafeBytes { sent.append($0) }
            #expect(number == 0 || payload.count < 1000)
            try wire.receive(CompressionTests.compressed(payload, opcode: 2))
            #expect(wire.messages.last == WebSocketMessage(message) && wire.messages.count == number + 1)

            let reply = Array("{\"type\":\"reply\",\"number\":\(number),\"reply\":\"a reply to a reply\"}".utf8)
            wire.connection.sendNow(WebSocketMessage(reply))
            wire.run()
            let frame = try #require(try wire.takeFrames().first)
            #expect(frame.reserved == 4 && (number == 0 || frame.payload.count < reply.count / 2))
            #expect(try self.inflate(frame.payload, after: received) == reply)
            reply.withUnsafeBytes { received.append($0) }
        }
    }
}
