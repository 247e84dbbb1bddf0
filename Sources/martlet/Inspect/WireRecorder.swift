internal import NIOCore
internal import Synchronization
internal import WebSocketClient
internal import WebSocketProtocol

/// Keeps what goes over the wire, by connection, in order and with the time, up to a bound.
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

    struct Connection: Sendable {
        let url: WebSocketURL
        let tls: TLSAgreement?
        var chunks: [Chunk] = []
        fileprivate var byteCount = 0
    }

    private static let maximumByteCount = 256 * 1024
    private let recorded = Mutex<[Connection]>([])

    /// In the order in which they were opened.
    var connections: [Connection] { self.recorded.withLock { $0 } }

    fileprivate func record(_ direction: Direction, _ buffer: ByteBuffer, of connection: Int) {
        guard buffer.readableBytes > 0 else { return }
        let chunk = Chunk(direction: direction, time: .now, bytes: Array(buffer.readableBytesView))
        self.recorded.withLock { recorded in
            // Nothing comes after what did not fit: frames are read from bytes without a gap.
            let byteCount = recorded[connection].byteCount + chunk.bytes.count
            recorded[connection].byteCount = byteCount
            if byteCount <= WireRecorder.maximumByteCount { recorded[connection].chunks.append(chunk) }
        }
    }

    /// For a connection that has just been opened.
    func makeHandler(_ url: WebSocketURL, _ tls: TLSAgreement?) -> any ChannelHandler {
        let index = self.recorded.withLock { recorded in
            recorded.append(Connection(url: url, tls: tls))
            return recorded.count - 1
        }
        return Handler(recorder: self, connection: index)
    }

    private final class Handler: ChannelDuplexHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundIn = IOData

        private let recorder: WireRecorder
        private let connection: Int

        init(recorder: WireRecorder, connection: Int) {
            self.recorder = recorder
            self.connection = connection
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.recorder.record(.received, self.unwrapInboundIn(data), of: self.connection)
            context.fireChannelRead(data)
        }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            if case .byteBuffer(let buffer) = self.unwrapOutboundIn(data) {
                self.recorder.record(.sent, buffer, of: self.connection)
            }
            context.write(data, promise: promise)
        }
    }
}
