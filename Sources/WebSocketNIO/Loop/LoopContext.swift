package import NIOCore
internal import NIOPosix
internal import WebSocketProtocol

/// A transport that several connections write to, such as a connection of HTTP/2, and that is flushed once a turn.
package protocol FlushTarget: AnyObject {
    /// The connections have written what they have.
    func flushTurn()
}

/// What all connections of one event loop share: executor, timer, buffers, random numbers, counters.
package final class LoopContext: @unchecked Sendable {
    // Safety: `executor` and `eventLoop` are immutable; everything else is touched on the event loop only.

    package let eventLoop: any EventLoop
    package let executor: LoopExecutor
    package let deadlines: DeadlineWheel
    package let receiveBuffer = SharedReceiveBuffer()
    let maskingKeys = MaskingKeyPool()
    @exclusivity(unchecked) var deflateEngines = DeflateEngines()
    private let serverMetrics: LoopMetrics
    private let clientMetrics: LoopMetrics

    /// Buffers for one read, lent to the connection that is reading.
    @exclusivity(unchecked) private var scratch: ReadScratch?
    /// An empty buffer with capacity for the next connection that writes.
    @exclusivity(unchecked) private var spareCork: ByteBuffer?

    /// What the last message was compressed into.
    @exclusivity(unchecked) private var compressed = ByteBuffer()

    /// What connections were given to send although their sockets are full.
    @exclusivity(unchecked) var congestedByteCount = 0

    @exclusivity(unchecked) private var unflushed: [ConnectionHandler] = []
    /// What several connections write to.
    @exclusivity(unchecked) private var unflushedTransports: [any FlushTarget] = []
    @exclusivity(unchecked) private var isTurnScheduled = false
    /// While a connection is being read it drains and flushes at the end; nobody else has to.
    @exclusivity(unchecked) private var isReading = false

    private static let onThread = ThreadSpecificVariable<LoopContext>()

    /// The context of the event loop that we are on; made on first use.
    package static func current(_ eventLoop: any EventLoop) -> LoopContext {
        eventLoop.preconditionInEventLoop()
        if let context = self.onThread.currentValue, context.eventLoop === eventLoop { return context }
        let context = LoopContext(eventLoop)
        self.onThread.currentValue = context
        return context
    }

    private init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        let deadlines = DeadlineWheel(eventLoop: eventLoop)
        self.deadlines = deadlines
        self.serverMetrics = LoopMetrics(role: .server, deadlines: deadlines)
        self.clientMetrics = LoopMetrics(role: .client, deadlines: deadlines)
        self.executor = LoopExecutor(eventLoop: eventLoop)
        self.executor.requestTurn = { [unowned self] in self.requestTurn() }
    }
}

// MARK: - Turns

extension LoopContext {
    /// Asks for a turn in which jobs run and corked bytes are written, unless one is coming anyway.
    func requestTurn() {
        guard !self.isReading, !self.isTurnScheduled else { return }
        self.isTurnScheduled = true
        self.eventLoop.assumeIsolated().execute { self.runTurn() }
    }

    private func runTurn() {
        self.isTurnScheduled = false
        self.executor.drain()
        self.flushAll()
        if self.executor.hasJobs { self.requestTurn() }
    }

    /// - Returns: true if no other connection is being read further up the stack.
    package func beginRead() -> Bool {
        defer { self.isReading = true }
        return !self.isReading
    }

    /// The end of a read: the jobs that it woke run now, and what they sent is written.
    package func endRead(isOutermost: Bool) {
        guard isOutermost else { return }
        self.executor.drain()
        self.flushAll()
        self.isReading = false
        if self.executor.hasJobs || !self.unflushed.isEmpty || !self.unflushedTransports.isEmpty { self.requestTurn() }
    }

    /// The connection has corked bytes to be written at the end of this turn.
    func needsFlush(_ connection: ConnectionHandler) {
        self.unflushed.append(connection)
        self.requestTurn()
    }

    /// The transport has bytes of its connections to be written at the end of this turn.
    package func needsFlush(_ transport: any FlushTarget) {
        self.unflushedTransports.append(transport)
        self.requestTurn()
    }

    private func flushAll() {
        self.flushConnections()
        guard !self.unflushedTransports.isEmpty else { return }
        var transports: [any FlushTarget] = []
        swap(&transports, &self.unflushedTransports)
        for transport in transports { transport.flushTurn() }
    }

    private func flushConnections() {
        guard !self.unflushed.isEmpty else { return }
        var connections: [ConnectionHandler] = []
        swap(&connections, &self.unflushed)
        for connection in connections { connection.flushCork() }
        if self.unflushed.isEmpty {
            connections.removeAll(keepingCapacity: true)
            self.unflushed = connections
        }
    }
}

extension LoopContext {
    func metrics(for role: Role) -> LoopMetrics {
        switch role {
        case .server: self.serverMetrics
        case .client: self.clientMetrics
        }
    }
}

// MARK: - Buffers

extension LoopContext {
    func takeScratch() -> ReadScratch {
        self.scratch.take() ?? ReadScratch()
    }

    func giveBackScratch(_ scratch: consuming ReadScratch) {
        // One huge read must not be held for ever, nor the slices of messages that applications keep.
        if scratch.received.capacity > 8192 { scratch.received = [] }
        scratch.gathered = []
        self.scratch = scratch
    }

    private static let corkCapacity = 16 * 1024

    func takeCork() -> ByteBuffer {
        self.spareCork.take() ?? ByteBufferAllocator().buffer(capacity: LoopContext.corkCapacity)
    }

    /// Takes a written buffer back; if the channel could not write all of it, it still holds the bytes and
    /// `clear` allocates a new storage instead of touching them.
    func giveBackCork(_ buffer: consuming ByteBuffer) {
        guard self.spareCork == nil, buffer.storageCapacity <= 4 * LoopContext.corkCapacity else { return }
        buffer.clear()
        self.spareCork = buffer
    }

    /// An empty buffer to compress into. If the last message that was is still being sent, this allocates.
    func takeCompressed() -> ByteBuffer {
        var buffer = ByteBuffer()
        swap(&buffer, &self.compressed)
        buffer.clear()
        return buffer
    }

    func giveBackCompressed(_ buffer: ByteBuffer) {
        if buffer.storageCapacity <= 16 * LoopContext.corkCapacity { self.compressed = buffer }
    }
}
