internal import NIOCore

/// Takes the header of the PROXY protocol off a connection, in front of TLS and everything else. Without one the connection is
/// closed; how long it may take is for `ProtocolChooser`, which asks here who the client is.
final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    // Safety: touched on the channel's event loop only.

    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// Nil until the header is there, and if the proxy speaks for itself.
    private(set) var client: SocketAddress?
    private var received = ByteBuffer()
    private let shared: ServerCore

    init(shared: ServerCore) {
        self.shared = shared
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.received.writeImmutableBuffer(self.unwrapInboundIn(data))
        switch ProxyHeader.read(&self.received) {
        case .incomplete: break
        case .invalid: context.close(promise: nil)
        case .complete(let client):
            // The proxy has its place; now it is known whose the connection is.
            if let client, !self.shared.admit(client, places: 0, on: context.channel) {
                return context.close(promise: nil)
            }
            self.client = client
            if self.received.readableBytes > 0 { context.fireChannelRead(self.wrapInboundOut(self.received)) }
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
    }
}
