import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("Who masks, and limits on what a peer may send (§5.1, §10.4)", .timeLimit(.minutes(1)))
struct ReceiveLimitTests {
    @Test("A server fails an unmasked frame with 1002 (§5.1)", .requirement(94, 159))
    func unmaskedToServer() throws {
        let wire = try Wire(.server)
        wire.collect()
        try wire.receive(RawFrame.text("plain").bytes)
        #expect(try wire.takeFrames() == [.close(1002, "frame from a client is not masked")])
        #expect(wire.transport.isOutputClosed)
        wire.dropTransport()
        #expect(wire.messages.isEmpty)
        #expect(wire.outcome?.violation == .unmaskedFrame)
    }

    @Test("A client fails a masked frame with 1002, itself masked (§5.1)", .requirement(96, 93))
    func maskedToClient() throws {
        let wire = try Wire(.client)
        try wire.receive(RawFrame.text("masked").masked().bytes)
        let frames = try wire.takeFrames()
        #expect(frames.map(\.unmasked) == [.close(1002, "frame from a server is masked")])
        #expect(frames.allSatisfy { $0.key != nil })
    }

    @Test(
        "A message over the limit fails with 1009 as soon as its header shows it (§10.4)", .requirement(119, 187, 188))
    func messageTooBig() throws {
        let wire = try Wire(.server) { $0.limits.maximumMessageByteCount = 100 }
        try wire.receive(.binary(Array(repeating: 1, count: 60), isFinal: false))
        #expect(try wire.takeFrames().isEmpty)
        // Only the length: 41 bytes more would make 101.
        let fragment = RawFrame.continuation(Array(repeating: 1, count: 41), isFinal: true).masked()
        try wire.receive(Array(fragment.bytes.prefix(2)))
        #expect(try wire.takeFrames() == [.close(1009, "message too big")])
    }

    @Test("A frame over the limit fails with 1009, also where messages may be longer (§10.4)", .requirement(119, 188))
    func frameTooBig() throws {
        let wire = try Wire(.server) { $0.limits.maximumFrameByteCount = 100 }
        try wire.receive(.binary(Array(repeating: 1, count: 101)))
        #expect(try wire.takeFrames() == [.close(1009, "frame too big")])
    }

    @Test("Endless empty fragments fail with 1008 (§10.4)", .requirement(118))
    func tooManyFragments() throws {
        let wire = try Wire(.server) { $0.limits.maximumFragmentCount = 10 }
        try wire.receive(.text("", isFinal: false))
        for _ in 0..<9 { try wire.receive(.continuation([], isFinal: false)) }
        #expect(try wire.takeFrames().isEmpty)
        try wire.receive(.continuation([], isFinal: true))
        #expect(try wire.takeFrames() == [.close(1008, "too many fragments")])
    }

    @Test(
        "Class 4: declared length. A header that claims 2^62 bytes costs no memory and no trap (§5.2, §10.4)",
        .requirement(102, 103))
    func claimedLength() throws {
        let wire = try Wire(.server) {
            $0.limits.maximumFrameByteCount = .max
            $0.limits.maximumMessageByteCount = .max
        }
        try wire.receive([0x82, 0xFF, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4] + [1, 2, 3])
        #expect((wire.handler.gathering?.storageCapacity ?? 0) < 4096)
        #expect(try wire.takeFrames().isEmpty)
        wire.dropTransport()
        #expect(wire.outcome?.code == .abnormalClosure)
    }

    @Test("Fragments whose lengths add up to more than an Int fail, without a trap (§5.2)", .requirement(102))
    func overflowingSum() throws {
        let wire = try Wire(.server) {
            $0.limits.maximumFrameByteCount = .max
            $0.limits.maximumMessageByteCount = .max
        }
        try wire.receive(.binary([1], isFinal: false))
        try wire.receive([0x80, 0xFF, 0x7F] + [UInt8](repeating: 0xFF, count: 7) + [1, 2, 3, 4])
        #expect(try wire.takeFrames() == [.close(1009, "message too big")])
    }
}
