internal import NIOCore
internal import WebSocketProtocol

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
        switch ProxyHeader.read(Array(self.received.readableBytesView)[...]) {
        case .incomplete: break
        case .invalid: context.close(promise: nil)
        case .complete(nil, let byteCount): self.pass(on: context, behind: byteCount)
        case .complete(let client?, let byteCount):
            // The proxy has its place; now it is known whose the connection is.
            guard let address = SocketAddress(client),
                self.shared.admit(address, places: 0, on: context.channel)
            else { return context.close(promise: nil) }
            self.client = address
            self.pass(on: context, behind: byteCount)
        }
    }

    private func pass(on context: ChannelHandlerContext, behind byteCount: Int) {
        self.received.moveReaderIndex(forwardBy: byteCount)
        if self.received.readableBytes > 0 { context.fireChannelRead(self.wrapInboundOut(self.received)) }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}

extension SocketAddress {
    /// Nil if it is no IP address after all.
    fileprivate init?(_ client: ProxyHeader.Client) {
        do {
            switch client {
            case .text(let text, let port): try self.init(ipAddress: text, port: port)
            case .bytes(let bytes, let port): try self.init(packedIPAddress: ByteBuffer(bytes: bytes), port: port)
            }
        } catch {
            return nil
        }
    }
}
