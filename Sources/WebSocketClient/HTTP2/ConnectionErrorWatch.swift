internal import NIOCore
internal import WebSocketNIO

/// Tells errors of an HTTP/2 connection from those of one stream. Stands between the socket, or TLS, and NIO's handler.
final class ConnectionErrorWatch: ChannelOutboundHandler {
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private var scanner = GoAwayScanner(role: .client)

    /// A GOAWAY that names an error was written.
    var hasFailed: Bool { self.scanner.hasFound }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .byteBuffer(let buffer) = self.unwrapOutboundIn(data) { self.scanner.look(at: buffer) }
        context.write(data, promise: promise)
    }
}
