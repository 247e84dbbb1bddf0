package import NIOCore
internal import NIOHPACK
package import NIOHTTP2

/// Makes a byte stream of an HTTP/2 stream, once it carries a WebSocket (RFC 8441 §5).
///
/// It stands first in the pipeline of the stream's channel. Before ``beginTunnel()`` everything passes unchanged, for the
/// handlers of HTTP; after it, the content of DATA frames is what is read, and what is written becomes DATA. The orderly end
/// of TCP is END_STREAM, its reset RST_STREAM with CANCEL. Windows are NIO's matter: they open as what arrived is read.
package final class StreamTransport: ChannelDuplexHandler, @unchecked Sendable {
    // Safety: touched on the channel's event loop only.

    package typealias InboundIn = HTTP2Frame.FramePayload
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = HTTP2Frame.FramePayload

    /// True once the peer has sent END_STREAM.
    package private(set) var isInputEnded = false
    /// Bytes that were written and are not yet with the connection, most often because the peer's window is full.
    package private(set) var pendingByteCount = 0
    private var isTunnel = false
    private var isOutputEnded = false
    private var context: ChannelHandlerContext?
    /// Are told when everything before them is written.
    private var markers: [EventLoopPromise<Void>] = []

    package init() {}

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        for marker in self.markers { marker.fail(ChannelError.ioOnClosedChannel) }
        self.markers.removeAll()
    }

    /// From now on the stream is bytes.
    /// - Parameter early: what the peer sent before.
    package func beginTunnel(early: ByteBuffer) {
        self.isTunnel = true
        guard let context = self.context else { return }
        if early.readableBytes > 0 { context.fireChannelRead(self.wrapInboundOut(early)) }
        if self.isInputEnded { self.inputEnded(context) }
    }
}

// MARK: - Reading

extension StreamTransport {
    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let payload = self.unwrapInboundIn(data)
        var isLast = false
        var bytes: ByteBuffer?
        switch payload {
        case .data(let content):
            isLast = content.endStream
            if case .byteBuffer(let buffer) = content.data { bytes = buffer }
        case .headers(let content):
            isLast = content.endStream
            // A tunnel has no further fields (RFC 9113 §8.5), and none has white space around its value (§8.2.1).
            guard !self.isTunnel, content.headers.allSatisfy({ !$0.value.hasSurroundingWhiteSpace }) else {
                return self.reset()
            }
        default:
            break
        }
        if isLast { self.isInputEnded = true }
        guard self.isTunnel else { return context.fireChannelRead(data) }
        if let bytes, bytes.readableBytes > 0 { context.fireChannelRead(self.wrapInboundOut(bytes)) }
        if isLast { self.inputEnded(context) }
    }

    /// What the peer sent is malformed (RFC 9113 §8.1.1).
    package func reset() {
        self.context?.writeAndFlush(self.wrapOutboundOut(.rstStream(.protocolError)), promise: nil)
    }

    /// The peer closed its half: as with TCP, that is the end, once what was sent before is answered and written. Tasks of the
    /// loop answer what came in the same read at its end.
    private func inputEnded(_ context: ChannelHandlerContext) {
        context.eventLoop.assumeIsolated().execute {
            guard let context = self.context, !self.isOutputEnded else { return }
            self.endOutput(context, nil)
        }
    }
}

// MARK: - Writing

extension StreamTransport {
    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard self.isTunnel else { return context.write(data, promise: promise) }
        let bytes = self.unwrapOutboundIn(data)
        guard !self.isOutputEnded else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        let count = bytes.readableBytes
        guard count > 0 else {
            // Not a frame, but a question: when is everything before this written?
            if let promise, self.pendingByteCount > 0 { self.markers.append(promise) } else { promise?.succeed() }
            return
        }
        self.pendingByteCount += count
        let written = promise ?? context.eventLoop.makePromise()
        written.futureResult.assumeIsolated().whenComplete { _ in
            self.pendingByteCount -= count
            guard self.pendingByteCount == 0, !self.markers.isEmpty else { return }
            var markers: [EventLoopPromise<Void>] = []
            swap(&markers, &self.markers)
            for marker in markers { marker.succeed() }
        }
        context.write(self.wrapOutboundOut(.data(.init(data: .byteBuffer(bytes)))), promise: written)
    }

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard self.isTunnel, mode == .output, !self.isOutputEnded else {
            return context.close(mode: mode, promise: promise)
        }
        self.endOutput(context, promise)
    }

    private func endOutput(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        self.isOutputEnded = true
        context.writeAndFlush(
            self.wrapOutboundOut(.data(.init(data: .byteBuffer(ByteBuffer()), endStream: true))), promise: promise)
    }
}

extension String {
    fileprivate var hasSurroundingWhiteSpace: Bool {
        func isWhiteSpace(_ byte: UInt8?) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        return isWhiteSpace(self.utf8.first) || isWhiteSpace(self.utf8.last)
    }
}
