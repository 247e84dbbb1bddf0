import HTTPTypes
import Logging
import NIOCore
import NIOEmbedded
import WebSocketProtocol

@testable import WebSocketNIO

/// A connection over an in-memory channel: bytes go in read by read and come out write by write.
///
/// Everything happens on the thread of the test and under a clock that stands still until ``advance(by:)``. Tasks
/// started with ``start(_:)`` run on the connection's own executor, so code that suspends is driven step by step too.
final class Wire: @unchecked Sendable {
    // Safety: used on the thread of its test only; tests that use it are not async.

    let loop: EmbeddedEventLoop
    let channel: EmbeddedChannel
    let context: LoopContext
    let handler: ConnectionHandler
    let transport = TransportProbe()
    /// Messages that came in by callback, after ``collect()``.
    private(set) var messages: [WebSocketMessage] = []
    private(set) var outcome: CloseOutcome?
    private(set) var drainCount = 0

    var connection: WebSocketConnection { self.handler.connection }

    /// Without keep-alive pings, unless `change` sets them.
    convenience init(
        _ role: Role,
        logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
        compression: DeflateAgreement? = nil,
        _ change: (inout ConnectionConfiguration) -> Void = { _ in }
    ) throws {
        let loop = EmbeddedEventLoop()
        // Deadlines are computed with the system's clock.
        loop.advanceTime(to: .now())
        try self.init(role, loop, LoopContext.current(loop), logger, compression, change)
    }

    /// Another connection on the same event loop.
    func sibling(_ role: Role, compression: DeflateAgreement? = nil) throws -> Wire {
        let configuration = self.handler.settings.configuration
        return try Wire(role, self.loop, self.context, self.handler.settings.logger, compression) { $0 = configuration }
    }

    private init(
        _ role: Role,
        _ loop: EmbeddedEventLoop,
        _ context: LoopContext,
        _ logger: Logger,
        _ compression: DeflateAgreement?,
        _ change: (inout ConnectionConfiguration) -> Void
    ) throws {
        self.loop = loop
        self.context = context
        self.channel = EmbeddedChannel(loop: self.loop)
        var configuration = ConnectionConfiguration()
        configuration.keepAlive.pingInterval = nil
        change(&configuration)
        self.handler = ConnectionHandler(
            loop: self.context,
            settings: ConnectionSettings(role: role, configuration: configuration, logger: logger),
            handshake: HandshakeInformation(
                request: HTTPRequest(method: .get, scheme: "http", authority: "example", path: "/"),
                subprotocol: nil,
                compression: compression,
                remoteAddress: nil,
                isSecure: false
            )
        )
        try self.channel.pipeline.syncOperations.addHandlers([self.transport, self.handler])
        try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        self.connection.onClose { self.outcome = $0 }
        self.connection.onDrain { _ in self.drainCount += 1 }
    }

    deinit {
        // Tasks that still wait must end, or their continuations are lost.
        self.dropTransport()
    }

    /// Takes messages by callback.
    func collect() {
        self.connection.onMessage { _, message in self.messages.append(message) }
    }

    /// One read from the socket brings these bytes.
    func receive(_ bytes: [UInt8]) throws {
        guard self.channel.isActive else { return }
        try self.channel.writeInbound(ByteBuffer(bytes: bytes))
        self.channel.pipeline.fireChannelReadComplete()
        self.loop.run()
    }

    /// One read brings these frames; masked if they come from a client and have no key yet.
    func receive(_ frames: RawFrame...) throws {
        try self.receive(frames.flatMap { self.fromPeer($0).bytes })
    }

    func fromPeer(_ frame: RawFrame) -> RawFrame {
        self.handler.settings.role == .server && frame.key == nil ? frame.masked() : frame
    }

    /// What was written since the last call, one element per write that the channel saw.
    func takeWrites() throws -> [ByteBuffer] {
        var writes: [ByteBuffer] = []
        while let write = try self.channel.readOutbound(as: ByteBuffer.self) {
            if write.readableBytes > 0 { writes.append(write) }
        }
        return writes
    }

    /// The frames written since the last call, with their keys.
    func takeFrames() throws -> [RawFrame] {
        let bytes = try self.takeWrites().flatMap { Array($0.readableBytesView) }
        guard let frames = RawFrame.parse(bytes) else { throw IncompleteFrame(bytes: bytes) }
        return frames
    }

    struct IncompleteFrame: Error {
        let bytes: [UInt8]
    }

    /// Does what is due now.
    func run() {
        self.loop.run()
    }

    /// Lets time pass; deadlines that fall into it are met.
    func advance(by duration: Duration) {
        self.loop.advanceTime(by: TimeAmount(duration))
        self.loop.run()
    }

    /// The socket's buffer is full, or not any more.
    func setWritable(_ isWritable: Bool) {
        self.transport.isFull = !isWritable
        self.channel.isWritable = isWritable
        if isWritable { self.channel.flush() }
        self.channel.pipeline.fireChannelWritabilityChanged()
        self.loop.run()
    }

    /// The transport ends: the peer closed it, or it broke.
    func dropTransport() {
        self.channel.close(promise: nil)
        self.loop.run()
    }

    /// The transport reports an error.
    func breakTransport() {
        struct Broken: Error {}
        self.channel.pipeline.fireErrorCaught(Broken())
        self.loop.run()
    }

    /// Runs `body` as a task on the connection's event loop, as far as it gets.
    func start<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) -> Started<Value> {
        let started = Started<Value>()
        started.task = Task(executorPreference: self.context.executor) {
            do { started.result = .success(try await body()) } catch { started.result = .failure(error) }
        }
        self.run()
        return started
    }
}

/// A task that ``Wire`` drives.
final class Started<Value: Sendable>: @unchecked Sendable {
    // Safety: as for `Wire`.
    var task: Task<Void, Never>?
    /// Nil while the task is suspended.
    var result: Result<Value, any Error>?

    var isSuspended: Bool { self.result == nil }
    var value: Value? { try? self.result?.get() }

    var error: (any Error)? {
        if case .failure(let error) = self.result { error } else { nil }
    }

    func cancel() { self.task?.cancel() }
}

/// Stands where the socket would be: counts reads, sees half-closures, holds back writes while it is full.
final class TransportProbe: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    var readCount = 0
    var isFull = false
    /// Our side of the transport was closed, the other is still open.
    var isOutputClosed = false
    func read(context: ChannelHandlerContext) {
        self.readCount += 1
        context.read()
    }

    func flush(context: ChannelHandlerContext) {
        if !self.isFull { context.flush() }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
        self.isOutputClosed = true
        promise?.succeed()
    }
}
