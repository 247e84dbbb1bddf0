internal import NIOCore
internal import WebSocketNIO

/// Asks a SOCKS5 proxy for a connection (RFC 1928), with user name and password if it wants them (RFC 1929), which NIO's own
/// handler does not know. The proxy resolves names.
final class SOCKSHandshake: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    // Safety: touched on the channel's event loop only.

    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State { case greeted, authenticating, asked, done }

    private let host: String
    private let port: Int
    private let proxy: Proxy
    private let done: EventLoopPromise<any Channel>
    private var state = State.greeted
    private var received = ByteBuffer()

    static func perform(on channel: any Channel, host: String, port: Int, proxy: Proxy) -> EventLoopFuture<any Channel>
    {
        let done = channel.eventLoop.makePromise(of: (any Channel).self)
        do {
            try channel.pipeline.syncOperations.addHandler(
                SOCKSHandshake(host: host, port: port, proxy: proxy, done: done))
        } catch {
            done.fail(error)
        }
        return done.futureResult
    }

    private init(host: String, port: Int, proxy: Proxy, done: EventLoopPromise<any Channel>) {
        self.host = host
        self.port = port
        self.proxy = proxy
        self.done = done
    }

    func handlerAdded(context: ChannelHandlerContext) {
        // Version 5 and the ways to prove who we are: nothing, or a password (§3).
        self.send(self.proxy.credentials == nil ? [5, 1, 0] : [5, 2, 0, 2], context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.received.writeImmutableBuffer(self.unwrapInboundIn(data))
        while self.step(context) {}
    }

    /// - Returns: true if there may be more to do.
    private func step(_ context: ChannelHandlerContext) -> Bool {
        switch self.state {
        case .greeted:
            guard let answer = self.received.readBytes(length: 2) else { return false }
            switch (answer[0], answer[1], self.proxy.credentials) {
            case (5, 0, _):
                self.ask(context)
            case (5, 2, let (user, password)?):
                let name = Array(user.utf8), secret = Array(password.utf8)
                guard let nameCount = UInt8(exactly: name.count), let secretCount = UInt8(exactly: secret.count) else {
                    return self.fail("user name and password are at most 255 bytes long", context)
                }
                self.state = .authenticating
                self.send([1, nameCount] + name + [secretCount] + secret, context)
            case (5, _, nil):
                return self.fail("it wants a user name and a password", context)
            default:
                return self.fail("it accepts no way to prove who we are, or is no SOCKS5 proxy", context)
            }
        case .authenticating:
            guard let answer = self.received.readBytes(length: 2) else { return false }
            guard answer[1] == 0 else { return self.fail("user name or password is wrong", context) }
            self.ask(context)
        case .asked:
            guard let reply: UInt8 = self.received.getInteger(at: self.received.readerIndex + 1) else { return false }
            guard reply == 0 else { return self.fail(SOCKSHandshake.meaning(of: reply), context) }
            guard let type: UInt8 = self.received.getInteger(at: self.received.readerIndex + 3) else { return false }
            let addressByteCount: Int
            switch type {
            case 1: addressByteCount = 4
            case 4: addressByteCount = 16
            case 3:
                guard let count: UInt8 = self.received.getInteger(at: self.received.readerIndex + 4) else {
                    return false
                }
                addressByteCount = 1 + Int(count)
            default: return self.fail("its answer can't be understood", context)
            }
            guard self.received.readableBytes >= 4 + addressByteCount + 2 else { return false }
            self.received.moveReaderIndex(forwardBy: 4 + addressByteCount + 2)
            self.finish(context)
        case .done:
            break
        }
        return self.state != .done
    }

    private func ask(_ context: ChannelHandlerContext) {
        var request: [UInt8] = [5, 1, 0]
        if let address = try? SocketAddress(ipAddress: self.host, port: 0), let bytes = address.addressBytes {
            request += [bytes.count == 4 ? 1 : 4] + bytes
        } else {
            guard let count = UInt8(exactly: self.host.utf8.count) else {
                _ = self.fail("a name is at most 255 bytes long", context)
                return
            }
            request += [3, count] + Array(self.host.utf8)
        }
        self.state = .asked
        self.send(request + [UInt8(truncatingIfNeeded: self.port >> 8), UInt8(truncatingIfNeeded: self.port)], context)
    }

    private func send(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    private func finish(_ context: ChannelHandlerContext) {
        self.state = .done
        let pipeline = context.pipeline.syncOperations
        let rest = self.received
        self.done.succeed(context.channel)
        if rest.readableBytes > 0 { context.fireChannelRead(self.wrapInboundOut(rest)) }
        pipeline.removeHandler(self, promise: nil)
    }

    private func fail(_ why: String, _ context: ChannelHandlerContext) -> Bool {
        self.state = .done
        self.done.fail(ConnectError(.proxy, "the proxy \(self.proxy) refused: \(why)"))
        context.close(promise: nil)
        return false
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.done.fail(ConnectError(.proxy, "the proxy \(self.proxy) closed the connection"))
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.done.fail(ConnectError(.proxy, "the proxy \(self.proxy) closed the connection"))
    }

    /// RFC 1928 §6.
    private static func meaning(of reply: UInt8) -> String {
        switch reply {
        case 1: "general failure"
        case 2: "not allowed by its rules"
        case 3: "network unreachable"
        case 4: "host unreachable"
        case 5: "connection refused"
        case 6: "TTL expired"
        case 7: "command not supported"
        case 8: "address type not supported"
        default: "code \(reply)"
        }
    }
}
