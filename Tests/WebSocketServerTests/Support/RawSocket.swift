import NIOCore
import NIOPosix

/// One end of a TCP connection that sends and takes exactly the bytes a test says. Every wait has a deadline.
final class RawSocket: Sendable {
    private let channel: any Channel
    private let inbox: NIOLoopBound<RawInbox>

    fileprivate init(channel: any Channel, inbox: NIOLoopBound<RawInbox>) {
        self.channel = channel
        self.inbox = inbox
    }

    /// - Parameter reads: false for a peer that never takes a byte from its socket.
    static func connect(to port: Int, host: String = "127.0.0.1", reads: Bool = true) async throws -> RawSocket {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        return try await ClientBootstrap(group: loop)
            .channelOption(.autoRead, value: reads)
            .channelOption(.allowRemoteHalfClosure, value: true)
            // Not once it is connected: the peer's end may come at once, and is told only to who is there.
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RawInbox())
                }
            }
            .connect(host: host, port: port)
            .flatMapThrowing { channel in
                let inbox = try channel.pipeline.syncOperations.handler(type: RawInbox.self)
                return RawSocket(channel: channel, inbox: NIOLoopBound(inbox, eventLoop: channel.eventLoop))
            }
            .get()
    }

    fileprivate static func wrap(_ channel: any Channel) throws -> RawSocket {
        let inbox = RawInbox()
        try channel.pipeline.syncOperations.addHandler(inbox)
        return RawSocket(channel: channel, inbox: NIOLoopBound(inbox, eventLoop: channel.eventLoop))
    }

    func send(_ text: String) async throws {
        try await self.send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    func send(_ frames: RawFrame...) async throws {
        try await self.send(frames.flatMap(\.bytes))
    }

    /// Waits until `parse` makes something of the bytes received, and consumes as many as it says.
    func take<Value: Sendable>(
        _ what: String,
        _ parse: @escaping @Sendable ([UInt8], _ isAtEnd: Bool) -> (Value, byteCount: Int)?
    ) async throws -> Value {
        let promise = self.channel.eventLoop.makePromise(of: Value.self)
        let inbox = self.inbox
        self.channel.eventLoop.execute {
            inbox.value.wait(what, promise, parse)
        }
        return try await promise.futureResult.get()
    }

    /// A head of HTTP, from its first line to the blank line.
    func takeHead() async throws -> String {
        try await self.take("head") { bytes, _ in
            guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
            return (String(decoding: bytes[..<end.upperBound], as: UTF8.self), end.upperBound)
        }
    }

    /// A response and as much of a body as `Content-Length` says.
    func takeResponse(hasBody: Bool = true) async throws -> (head: String, body: String) {
        let head = try await self.takeHead()
        let lines = head.lowercased().split(separator: "\r\n")
        let length = lines.first { $0.hasPrefix("content-length:") }.flatMap {
            Int($0.dropFirst(15).drop { $0 == " " })
        }
        guard hasBody, let length else { return (head, "") }
        let body = try await self.take("body") { bytes, _ in
            bytes.count >= length ? (String(decoding: bytes[..<length], as: UTF8.self), length) : nil
        }
        return (head, body)
    }

    func takeFrame() async throws -> RawFrame {
        try await self.take("frame") { bytes, _ in RawFrame.parseFirst(bytes[...]) }
    }

    /// Everything up to the end of the stream.
    func takeRest(line: Int = #line) async throws -> [UInt8] {
        try await self.take("end (line \(line))") { bytes, isAtEnd in isAtEnd ? (bytes, bytes.count) : nil }
    }

    func close() {
        self.channel.close(promise: nil)
    }

    func closeOutput() async throws {
        try await self.channel.close(mode: .output)
    }

    /// Starts to read, on a socket that was made not to.
    func startReading() async throws {
        try await self.channel.setOption(.autoRead, value: true).get()
    }
}

extension RawSocket {
    /// Connects and opens a WebSocket by hand.
    static func open(_ port: Int, path: String = "/", reads: Bool = true) async throws -> RawSocket {
        let socket = try await RawSocket.connect(to: port, reads: reads)
        try await socket.send(RawSocket.handshake(path: path))
        if reads {
            let head = try await socket.takeHead()
            guard head.hasPrefix("HTTP/1.1 101 ") else { throw RawSocketError(description: "refused: \(head)") }
        }
        return socket
    }

    static func handshake(path: String = "/", fields: [String] = []) -> String {
        let lines =
            [
                "GET \(path) HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
            ] + fields
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }
}

struct RawSocketError: Error, CustomStringConvertible {
    let description: String
}

/// What a ``RawSocket`` has received, and who waits for it.
private final class RawInbox: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var bytes: [UInt8] = []
    private var isAtEnd = false
    /// Tries again; true when it is done.
    private var waiter: (() -> Bool)?

    func wait<Value: Sendable>(
        _ what: String,
        _ promise: EventLoopPromise<Value>,
        _ parse: @escaping ([UInt8], Bool) -> (Value, byteCount: Int)?
    ) {
        let deadline = promise.futureResult.eventLoop.assumeIsolated().scheduleTask(in: .seconds(20)) {
            self.waiter = nil
            promise.fail(RawSocketError(description: "no \(what) in time, only \(self.bytes.count) bytes"))
        }
        self.waiter = {
            if let (value, byteCount) = parse(self.bytes, self.isAtEnd) {
                self.bytes.removeFirst(byteCount)
                deadline.cancel()
                promise.succeed(value)
                return true
            }
            guard self.isAtEnd else { return false }
            deadline.cancel()
            let got = String(decoding: self.bytes.prefix(200), as: UTF8.self)
            promise.fail(
                RawSocketError(description: "the stream ended before the \(what), after \(got.debugDescription)"))
            return true
        }
        self.tryAgain()
    }

    private func tryAgain() {
        if let waiter = self.waiter, waiter() { self.waiter = nil }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.bytes += Array(self.unwrapInboundIn(data).readableBytesView)
        self.tryAgain()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { self.end() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func end() {
        self.isAtEnd = true
        self.tryAgain()
    }
}

/// A listening socket whose connections a test answers by hand.
final class RawListener: Sendable {
    private let channel: any Channel
    private let accepted: AsyncStream<RawSocket>
    let port: Int

    private init(channel: any Channel, accepted: AsyncStream<RawSocket>) {
        self.channel = channel
        self.accepted = accepted
        self.port = channel.localAddress?.port ?? 0
    }

    /// Listens on a free port while `body` runs.
    static func run<Result>(
        acceptsConnections: Bool = true,
        _ body: (RawListener) async throws -> Result
    ) async throws -> Result {
        let (accepted, accept) = AsyncStream.makeStream(of: RawSocket.self)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: CInt(acceptsConnections ? 128 : 1))
            .serverChannelOption(.autoRead, value: acceptsConnections)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { _ = accept.yield(try RawSocket.wrap(channel)) }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        let listener = RawListener(channel: channel, accepted: accepted)
        do {
            let result = try await body(listener)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }

    /// The next connection.
    func accept() async throws -> RawSocket {
        for await socket in self.accepted { return socket }
        throw RawSocketError(description: "nobody connected")
    }
}
