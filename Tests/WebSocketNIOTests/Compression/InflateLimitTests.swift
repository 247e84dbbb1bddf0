import NIOCore
import NIOEmbedded
import Testing
import WebSocketDeflate
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("Compressed messages and the limits (RFC 6455 §10.4)", .timeLimit(.minutes(1)))
struct InflateLimitTests {
    @Test("Class 1: zip bomb. Inflation stops at the message limit, in one frame and over fragments", .requirement(232))
    func class01Bomb() throws {
        let bomb = try CompressionTests.bomb(64 << 20)
        #expect(bomb.count < 70_000)
        for fragmentByteCount in [bomb.count, 1000, 10] {
            let wire = try CompressionTests.wire()
            wire.collect()
            var rest = bomb[...]
            var isFirst = true
            while !rest.isEmpty, wire.handler.closing.phase == .open {
                let payload = Array(rest.prefix(fragmentByteCount))
                rest = rest.dropFirst(payload.count)
                let isFinal = rest.isEmpty
                try wire.receive(
                    isFirst
                        ? CompressionTests.compressed(payload, opcode: 2, isFinal: isFinal)
                        : .continuation(payload, isFinal: isFinal))
                isFirst = false
                // Never more than the limit, one byte that shows it is passed, and the rounding of allocations.
                #expect((wire.handler.gathering?.capacity ?? 0) <= 4 << 20)
            }
            #expect(try wire.takeFrames() == [.close(1009, "message too big")])
            #expect(wire.messages.isEmpty)
        }
    }

    @Test("Class 1: zip bomb. A context that is taken over does not carry a message past the limit", .requirement(232))
    func class01Takeover() throws {
        let wire = try CompressionTests.wire { $0.limits.maximumMessageByteCount = 1000 }
        wire.collect()
        for _ in 0..<20 { try wire.receive(CompressionTests.compressed(try CompressionTests.bomb(1000), opcode: 2)) }
        #expect(wire.messages.count == 20)
        try wire.receive(CompressionTests.compressed(try CompressionTests.bomb(1001), opcode: 2))
        #expect(try wire.takeFrames() == [.close(1009, "message too big")])
    }

    @Test(
        "Noise as long as the limit is taken, though compressing makes it longer; a byte more is not", .requirement(232)
    )
    func noiseAtTheLimit() throws {
        for excess in [0, 1] {
            let wire = try CompressionTests.wire()
            wire.collect()
            let noise = CompressionTests.noise(1 << 20 + excess)
            // The smallest blocks that zlib makes: more than 1 MiB on the wire.
            let deflater = Deflater(Deflater.Parameters(windowBits: 9, level: 1, memoryLevel: 1))
            let payload = try CompressionTests.deflate(noise, with: deflater)
            #expect(payload.count > 1 << 20 + 1000)
            try wire.receive(CompressionTests.compressed(payload, opcode: 2))
            #expect(wire.messages == (excess == 0 ? [WebSocketMessage(noise)] : []))
            #expect(try wire.takeFrames() == (excess == 0 ? [] : [.close(1009, "message too big")]))
        }
    }

    @Test("A read that inflates to a lot is taken in bit by bit, and the application's pace counts", .requirement(233))
    func bitByBit() throws {
        let wire = try CompressionTests.wire()
        let connection = wire.connection
        // 64 MiB from 64 KiB, in messages of 1 MiB, in one read.
        let frame = wire.fromPeer(CompressionTests.compressed(try CompressionTests.bomb(1 << 20), opcode: 2)).bytes
        try wire.receive((0..<64).flatMap { _ in frame })
        #expect(wire.handler.inbox.byteCount <= 2 << 20)
        let received = wire.start {
            var count = 0
            for try await message in connection.messages {
                #expect(message.bytes.readableBytes == 1 << 20)
                count += 1
                if count == 64 { break }
            }
            return count
        }
        for _ in 0..<200 where received.isSuspended { wire.run() }
        #expect(received.value == 64)
        #expect(wire.handler.unread == nil && wire.handler.inbox.pieces.isEmpty)
    }

    @Test("Callbacks get all of it in order, a turn of the loop at a time", .requirement(233))
    func callbacks() throws {
        let wire = try CompressionTests.wire()
        wire.collect()
        let large = wire.fromPeer(CompressionTests.compressed(try CompressionTests.bomb(1 << 20), opcode: 2)).bytes
        let small = wire.fromPeer(.text("small")).bytes
        let reads = wire.transport.readCount
        try wire.channel.writeInbound(ByteBuffer(bytes: large + small + large + small))
        #expect(wire.messages.count == 1, "the rest waits for its turn")
        wire.channel.pipeline.fireChannelReadComplete()
        wire.channel.read()
        #expect(wire.transport.readCount == reads, "nothing is read before")
        wire.run()
        #expect(wire.messages.map(\.kind) == [.binary, .text, .binary, .text])
        #expect(wire.transport.readCount > reads)
    }

    @Test("What was read before the transport ended is delivered, if there is room", .requirement(233))
    func endOfTransport() throws {
        let wire = try CompressionTests.wire()
        wire.collect()
        let large = wire.fromPeer(CompressionTests.compressed(try CompressionTests.bomb(1 << 20), opcode: 2)).bytes
        try wire.channel.writeInbound(ByteBuffer(bytes: large + large + large))
        wire.dropTransport()
        #expect(wire.messages.count == 3)
        #expect(wire.outcome?.code == .abnormalClosure)
    }

    @Test(
        "A streamed message has no limit, but its pieces do, and the application's pace counts", .requirement(232, 233))
    func streamed() throws {
        let wire = try CompressionTests.wire { $0.delivery = .streamed }
        let connection = wire.connection
        try wire.receive(CompressionTests.compressed(try CompressionTests.bomb(64 << 20), opcode: 2))
        #expect(wire.handler.inbox.byteCount <= 2 << 20)
        let received = wire.start {
            var byteCount = 0
            for try await stream in connection.messageStreams {
                for try await piece in stream {
                    #expect(piece.readableBytes <= 2 << 20)
                    byteCount += piece.readableBytes
                }
                break
            }
            return byteCount
        }
        for _ in 0..<500 where received.isSuspended { wire.run() }
        #expect(received.value == 64 << 20)
    }
}
