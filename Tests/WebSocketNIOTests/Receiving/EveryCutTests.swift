import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

/// What a peer sends means the same however the network cuts it: whole, byte by byte, and cut in two at every place.
@Suite("Received bytes mean the same however they are cut (§6.2)", .timeLimit(.minutes(2)))
struct EveryCutTests {
    struct Sequence: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var frames: [RawFrame]
        var messages: [WebSocketMessage] = []
        /// Replies, without their masks.
        var replies: [RawFrame] = []
        var sent: ClosePayload?
        var received: ClosePayload?
        var initiator = CloseOutcome.Initiator.remote
        var violation: ProtocolViolation?
    }

    static let sequences: [Sequence] = [
        Sequence(
            testDescription: "a text message",
            frames: [.text("Hello")],
            messages: [WebSocketMessage("Hello")]
        ),
        Sequence(
            testDescription: "empty messages of both kinds",
            frames: [.text(""), .binary([])],
            messages: [WebSocketMessage(""), WebSocketMessage([UInt8]())]
        ),
        Sequence(
            testDescription: "lengths of 7 and 16 bits, text that is not ASCII",
            frames: [.binary(Array(0..<125)), .text(String(repeating: "κόσμε ", count: 20)), .binary(Array(0..<126))],
            messages: [
                WebSocketMessage([UInt8](0..<125)),
                WebSocketMessage(String(repeating: "κόσμε ", count: 20)),
                WebSocketMessage([UInt8](0..<126)),
            ]
        ),
        Sequence(
            testDescription: "fragments, some empty, code points split between them",
            frames: [
                RawFrame(isFinal: false, opcode: 1, payload: [0xE2, 0x82]),
                .continuation([], isFinal: false),
                .continuation([0xAC, 0xF0, 0x9F], isFinal: false),
                .continuation([0x98, 0x80], isFinal: false),
                .continuation([], isFinal: true),
                .binary([1, 2], isFinal: false),
                .continuation([3], isFinal: true),
            ],
            messages: [WebSocketMessage("€😀"), WebSocketMessage([1, 2, 3])]
        ),
        Sequence(
            testDescription: "pings and pongs inside a fragmented message, then Close with a reason",
            frames: [
                .text("Hel", isFinal: false), .ping([1, 2, 3]), .pong(Array("unasked".utf8)),
                .continuation([], isFinal: false),
                .ping(), .continuation(Array("lo".utf8), isFinal: true), .close(4711, "bye 👋"),
            ],
            messages: [WebSocketMessage("Hello")],
            replies: [.pong([1, 2, 3]), .pong(), .close(4711)],
            sent: ClosePayload(uncheckedCode: 4711, reason: ""),
            received: ClosePayload(uncheckedCode: 4711, reason: "bye 👋")
        ),
        Sequence(
            testDescription: "Close without a code, then frames that no longer count",
            frames: [
                .binary([9]), .close(nil), .text("ignored"), .ping([1]), RawFrame(reserved: 7, opcode: 3, payload: []),
            ],
            messages: [WebSocketMessage([9])],
            replies: [.close(nil)],
            sent: .empty,
            received: .empty
        ),
        violating("a reserved bit", .reservedBits, RawFrame(reserved: 4, opcode: 2, payload: [1])),
        violating("a reserved opcode", .reservedOpcode, RawFrame(opcode: 3, payload: [])),
        violating("a reserved control opcode", .reservedOpcode, RawFrame(opcode: 11, payload: [])),
        violating("a fragmented ping", .controlFrameFragmented, RawFrame(isFinal: false, opcode: 9, payload: [])),
        violating("a ping of 126 bytes", .controlFrameTooLong, .ping(Array(repeating: 0, count: 126))),
        violating("a continuation of nothing", .continuationWithoutStart, .continuation([1], isFinal: true)),
        violating("a message inside a message", .messageInsideMessage, .text("a", isFinal: false), .text("b")),
        violating("a Close body of one byte", .closeBodyOneByte, RawFrame(opcode: 8, payload: [3])),
        violating("a close code not for the wire", .closeCodeInvalid, .close(1006)),
        violating("a reason that is not UTF-8", .closeReasonNotUTF8, RawFrame(opcode: 8, payload: [0x03, 0xE8, 0xFF])),
        violating(
            "text that is not UTF-8", .textNotUTF8, RawFrame(opcode: 1, payload: [0xCE, 0xBA, 0xE1, 0xBD, 0xB9, 0xFF])),
        violating(
            "text that ends inside a code point", .textNotUTF8, RawFrame(opcode: 1, payload: [0x61, 0xE2, 0x82])),
        violating(
            "text that goes wrong in its second fragment", .textNotUTF8,
            RawFrame(isFinal: false, opcode: 1, payload: [0xED]), .continuation([0xA0, 0x80], isFinal: false)
        ),
    ]

    /// A good message, then frames that break a rule, then some that no longer count.
    private static func violating(_ what: String, _ violation: ProtocolViolation, _ frames: RawFrame...) -> Sequence {
        Sequence(
            testDescription: what,
            frames: [.text("before")] + frames + [.text("after"), .ping([7])],
            messages: [WebSocketMessage("before")],
            replies: [.close(violation.closeCode.rawValue, violation.rule)],
            sent: ClosePayload(violation),
            initiator: .local,
            violation: violation
        )
    }

    @Test(
        "Messages, replies and outcome do not depend on the cuts (§5.2, §5.4, §5.5, §6.2, §7.1.7, §8.1)",
        .requirement(
            97, 98, 107, 110, 111, 112, 113, 114, 117, 122, 123, 124, 127, 130, 132, 135, 136, 146, 147, 148, 160),
        arguments: [Role.server, .client], EveryCutTests.sequences
    )
    func everyCut(role: Role, sequence: Sequence) throws {
        let bytes = sequence.frames.flatMap { (role == .server ? $0.masked() : $0).bytes }
        try self.check(role, sequence, reads: [bytes], "whole")
        try self.check(role, sequence, reads: bytes.map { [$0] }, "byte by byte")
        for cut in 1..<bytes.count {
            try self.check(role, sequence, reads: [Array(bytes[..<cut]), Array(bytes[cut...])], "cut at \(cut)")
        }
    }

    private func check(_ role: Role, _ sequence: Sequence, reads: [[UInt8]], _ cut: Comment) throws {
        let wire = try Wire(role)
        wire.collect()
        for read in reads { try wire.receive(read) }
        let frames = try wire.takeFrames()
        wire.dropTransport()
        #expect(wire.messages == sequence.messages, cut)
        #expect(frames.map(\.unmasked) == sequence.replies, cut)
        #expect(frames.allSatisfy { ($0.key != nil) == (role == .client) }, cut)
        let expected = CloseOutcome(
            sent: sequence.sent,
            received: sequence.received,
            initiator: sequence.initiator,
            violation: sequence.violation
        )
        #expect(wire.outcome == expected, cut)
    }

    @Test("A task that iterates sees the same as a callback, in any cut (§6.2)", .requirement(110, 148))
    func iteration() throws {
        let frames: [RawFrame] = [
            .text("a", isFinal: false), .continuation([0x62], isFinal: true), .binary([1]), .close(1000),
        ]
        let bytes = frames.flatMap { $0.masked().bytes }
        for cut in 0..<bytes.count {
            let wire = try Wire(.server)
            let connection = wire.connection
            let received = wire.start {
                var messages: [WebSocketMessage] = []
                for try await message in connection.messages { messages.append(message) }
                return messages
            }
            try wire.receive(Array(bytes[..<cut]))
            try wire.receive(Array(bytes[cut...]))
            wire.dropTransport()
            #expect(received.value == [WebSocketMessage("ab"), WebSocketMessage([1])], "cut at \(cut)")
        }
    }

    @Test("Messages that are kept do not share bytes with later reads (§6.2)", .requirement(146, 166))
    func noSharedBytes() throws {
        let wire = try Wire(.server)
        wire.collect()
        for round in 0..<50 {
            let payload = [UInt8](repeating: UInt8(round), count: 300)
            try wire.receive(.binary(payload), .binary(payload.map { $0 ^ 0xFF }))
        }
        for round in 0..<50 {
            let payload = [UInt8](repeating: UInt8(round), count: 300)
            #expect(wire.messages[2 * round] == WebSocketMessage(payload))
            #expect(wire.messages[2 * round + 1] == WebSocketMessage(payload.map { $0 ^ 0xFF }))
        }
    }
}
