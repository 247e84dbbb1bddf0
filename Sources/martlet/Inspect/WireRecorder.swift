internal import NIOCore
internal import Synchronization
internal import WebSocketProtocol

/// Keeps what goes over the wire, in order and with the time, up to a bound.
final class WireRecorder: Sendable {
    enum Direction: String, Codable, Sendable {
        case sent
        case received
    }

    struct Chunk: Sendable {
        let direction: Direction
        let time: ContinuousClock.Instant
        let bytes: [UInt8]
    }

    private static let maximumByteCount = 256 * 1024
    private let recorded = Mutex<(chunks: [Chunk], byteCount: Int)>(([], 0))

    var chunks: [Chunk] { self.recorded.withLock { $0.chunks } }

    fileprivate func record(_ direction: Direction, _ buffer: ByteBuffer) {
        guard buffer.readableBytes > 0 else { return }
        let chunk = Chunk(direction: direction, time: .now, bytes: Array(buffer.readableBytesView))
        self.recorded.withLock { recorded in
            guard recorded.byteCount + chunk.bytes.count <= WireRecorder.maximumByteCount else { return }
            recorded.chunks.append(chunk)
            recorded.byteCount += chunk.bytes.count
        }
    }

    func makeHandler() -> any ChannelHandler { Handler(recorder: self) }

    private final class Handler: ChannelDuplexHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundIn = IOData

        private let recorder: WireRecorder

        init(recorder: WireRecorder) {
            self.recorder = recorder
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.recorder.record(.received, self.unwrapInboundIn(data))
            context.fireChannelRead(data)
        }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            if case .byteBuffer(let buffer) = self.unwrapOutboundIn(data) { self.recorder.record(.sent, buffer) }
            context.write(data, promise: promise)
        }
    }
}
