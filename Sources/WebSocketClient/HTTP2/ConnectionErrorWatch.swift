internal import NIOCore

/// Tells errors of an HTTP/2 connection from those of one stream: NIO's handler reports both in the same way, but writes a
/// GOAWAY that names an error for the former only. So this stands between the socket, or TLS, and that handler.
final class ConnectionErrorWatch: ChannelOutboundHandler {
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private static let headerByteCount = 9
    private static let goAwayType: UInt8 = 7

    /// A GOAWAY that names an error was written.
    private(set) var hasFailed = false
    /// What is still to be written before the next frame: at first the preface of a client (RFC 9113 §3.4).
    private var skippedByteCount = 24

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .byteBuffer(let buffer) = self.unwrapOutboundIn(data) { self.look(at: buffer) }
        context.write(data, promise: promise)
    }

    /// Frames are never cut within their headers, but payloads come in buffers of their own.
    private func look(at buffer: ByteBuffer) {
        var index = buffer.readerIndex
        while index < buffer.writerIndex {
            if self.skippedByteCount > 0 {
                let count = min(self.skippedByteCount, buffer.writerIndex - index)
                self.skippedByteCount -= count
                index += count
                continue
            }
            guard let high: UInt8 = buffer.getInteger(at: index), let low: UInt16 = buffer.getInteger(at: index + 1),
                let type: UInt8 = buffer.getInteger(at: index + 3)
            else { return }
            index += ConnectionErrorWatch.headerByteCount
            self.skippedByteCount = Int(high) << 16 | Int(low)
            if type == ConnectionErrorWatch.goAwayType, let code: UInt32 = buffer.getInteger(at: index + 4), code != 0 {
                self.hasFailed = true
            }
        }
    }
}
