import NIOCore
import NIOEmbedded
import Testing
import WebSocketNIO

@testable import WebSocketServer

@Suite("What stands between a socket and HTTP/2")
struct OrderlyCloseTests {
    /// Counts what gets to the socket.
    private final class Socket: ChannelOutboundHandler {
        typealias OutboundIn = IOData
        var flushCount = 0

        func flush(context: ChannelHandlerContext) {
            self.flushCount += 1
            context.flush()
        }
    }

    /// What HTTP/2 gets to see: the length of a read, or nil for its end.
    private final class Reads: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var seen: [Int?] = []

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.seen.append(self.unwrapInboundIn(data).readableBytes)
        }

        func channelReadComplete(context: ChannelHandlerContext) {
            self.seen.append(nil)
        }
    }

    private let channel = EmbeddedChannel()
    private let socket = Socket()
    private let reads = Reads()

    init() throws {
        let loop = LoopContext.current(self.channel.eventLoop)
        try self.channel.pipeline.syncOperations.addHandlers([
            self.socket, OrderlyClose(loop: loop, timeout: .seconds(1)), self.reads,
        ])
        self.channel.embeddedEventLoop.run()
    }

    @Test("What the streams flush in a turn is one flush of the socket")
    func flushes() throws {
        for turn in 1...2 {
            for text in ["a", "b", "c"] {
                self.channel.writeAndFlush(IOData.byteBuffer(ByteBuffer(string: text)), promise: nil)
            }
            #expect(self.socket.flushCount == turn - 1)
            self.channel.embeddedEventLoop.run()
            #expect(self.socket.flushCount == turn)
            for text in ["a", "b", "c"] {
                let written = try #require(try self.channel.readOutbound(as: IOData.self))
                #expect(written == .byteBuffer(ByteBuffer(string: text)))
            }
        }
    }

    @Test("A channel that has enough to keep is flushed at once")
    func congestion() {
        self.channel.isWritable = false
        for count in 1...3 {
            self.channel.writeAndFlush(IOData.byteBuffer(ByteBuffer(string: "a")), promise: nil)
            #expect(self.socket.flushCount == count)
        }
    }

    @Test("A long read comes in pieces, each with its end, so that NIO's decoder keeps a small buffer")
    func pieces() throws {
        try self.channel.writeInbound(ByteBuffer(repeating: 0, count: 70_000))
        #expect(self.reads.seen == [32768, nil, 32768, nil, 4464, nil])
    }
}
