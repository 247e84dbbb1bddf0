internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol

/// A connection that speaks HTTP, as the server sees it.
protocol HTTPConnection: AnyObject {
    /// The server shuts down: nothing new is begun, what is begun is finished.
    func drain()
    /// Ends it without ceremony.
    func drop()
}

/// What a server has on one event loop: its connections, and the work that they give to tasks.
final class ServerLoop: @unchecked Sendable {
    // Safety: `jobs` is a stream, safe by itself; everything else is touched on the event loop only.

    typealias Job = @Sendable () async -> Void

    let context: LoopContext
    /// Work for child tasks of the server's `run()`.
    let jobs: AsyncStream<Job>
    private let submitJob: AsyncStream<Job>.Continuation

    private(set) var isDraining = false
    private var connections: [ObjectIdentifier: ConnectionHandler] = [:]
    private var httpConnections: [ObjectIdentifier: any HTTPConnection] = [:]
    private var drained: EventLoopPromise<Void>?

    init(context: LoopContext) {
        self.context = context
        (self.jobs, self.submitJob) = AsyncStream.makeStream()
    }

    func submit(_ job: @escaping Job) {
        self.submitJob.yield(job)
    }

    func finishJobs() {
        self.submitJob.finish()
    }

    func opened(_ handler: any HTTPConnection) {
        self.httpConnections[ObjectIdentifier(handler)] = handler
    }

    func closed(_ handler: any HTTPConnection) {
        self.httpConnections[ObjectIdentifier(handler)] = nil
        self.finishDrainIfEmpty()
    }

    func opened(_ handler: ConnectionHandler) {
        self.connections[ObjectIdentifier(handler)] = handler
        if self.isDraining { handler.startClosing(ServerLoop.goodbye) }
    }

    func closed(_ handler: ConnectionHandler) {
        self.connections[ObjectIdentifier(handler)] = nil
        self.finishDrainIfEmpty()
    }

    private static let goodbye = ClosePayload(uncheckedCode: .goingAway, reason: "server is shutting down")
}

// MARK: - Draining

extension ServerLoop {
    /// Says goodbye to all connections, and drops those that are not gone after `timeout`. From any thread.
    ///
    /// A future, not an async function: goodbyes are said also when the server's task was cancelled.
    /// - Parameter routes: are told first, and answer what waits.
    func drain(_ routes: [Routes.ExchangeRoute], within timeout: Duration) -> EventLoopFuture<Void> {
        self.context.eventLoop.flatSubmit {
            let drained = self.context.eventLoop.makePromise(of: Void.self)
            self.isDraining = true
            self.drained = drained
            for route in routes { route.onShutdown(self.context.eventLoop) }
            for handler in Array(self.httpConnections.values) { handler.drain() }
            for handler in Array(self.connections.values) { handler.startClosing(ServerLoop.goodbye) }
            self.finishDrainIfEmpty()
            let deadline = self.context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(timeout)) {
                self.dropAll()
            }
            drained.futureResult.whenComplete { _ in deadline.cancel() }
            return drained.futureResult
        }
    }

    /// The drain took too long.
    private func dropAll() {
        for handler in Array(self.httpConnections.values) { handler.drop() }
        for handler in Array(self.connections.values) { handler.drop() }
        self.drained.take()?.succeed()
    }

    private func finishDrainIfEmpty() {
        guard self.isDraining, self.connections.isEmpty, self.httpConnections.isEmpty else { return }
        self.drained.take()?.succeed()
    }
}
