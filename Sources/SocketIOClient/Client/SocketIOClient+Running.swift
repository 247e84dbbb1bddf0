internal import EngineIOClient
internal import HTTPTypes
internal import Logging
internal import NIOCore
internal import ServiceLifecycle
internal import SocketIOProtocol
internal import Synchronization
internal import WebSocketNIO

extension SocketIOClient {
    /// Connects while `body` runs, and closes when it returns or throws.
    /// - Throws: what `body` throws, or why there is no connection and will be none.
    public func withConnection<Result: Sendable>(_ body: @Sendable @escaping () async throws -> Result) async throws
        -> Result
    {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await self.run()
                return nil
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result {
                    self.close()
                    // The goodbye; what goes wrong with it is nobody's concern.
                    _ = try? await group.next()
                    return result
                }
            }
            throw EngineIOClientError.closedBeforeEnd
        }
    }

    /// Connects, and again after each loss, until the task is cancelled, graceful shutdown begins, or ``close()``. Once.
    /// - Throws: why there is no connection, if ``SocketIOClientConfiguration/reconnection`` allows no further attempt or the
    ///   server's refusal will not heal (a status of 400 to 499 but 408, 425 and 429).
    public func run() async throws {
        defer {
            self.close()
            // Sockets hold the client, too.
            self.state.withLock { $0.sockets = [:] }
        }
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await job in self.jobs { await job() }
                }
                group.addTask { await self.letIn() }
                do {
                    try await self.stayConnected()
                } catch {
                    group.cancelAll()
                    throw error
                }
                // Handlers of what came in are called to the last.
                self.addJob.finish()
                self.addApplicant.finish()
                try await group.waitForAll()
            }
        } onGracefulShutdown: {
            self.close()
        }
    }

    /// Each beside the others and what comes in: one that has to ask for its token holds nobody up.
    private func letIn() async {
        await withDiscardingTaskGroup { group in
            for await socket in self.applicants { group.addTask { await socket.join() } }
            group.cancelAll()
        }
    }

    /// Until ``close()``, or there is no hope.
    private func stayConnected() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await self.connectAgainAndAgain()
                return true
            }
            group.addTask {
                for await _ in self.closing {}
                return false
            }
            while let isDone = try await group.next() {
                // A session that is there comes to its end; nothing else is waited for.
                if isDone || self.state.withLock({ $0.session == nil }) { break }
            }
            group.cancelAll()
        }
    }

    private func connectAgainAndAgain() async throws {
        var attempt = 0
        while !self.state.withLock({ $0.isClosed }) {
            do {
                try await EngineIOClient(configuration: self.configuration.engine).withSession(to: self.url) {
                    session in
                    do {
                        try await self.serve(session) { attempt = 0 }
                        self.lost("io client disconnect")
                    } catch {
                        self.lost("\(error)")
                        throw error
                    }
                }
            } catch {
                if self.state.withLock({ $0.isClosed }) { return }
                try Task.checkCancellation()
                guard let reconnection = self.configuration.reconnection, !error.isPermanent,
                    attempt < reconnection.maximumAttempts ?? .max
                else { throw error }
                let delay = reconnection.delay(attempt: attempt, random: .random(in: 0...1))
                self.logger.debug("no connection", metadata: ["error": "\(error)", "next attempt in": "\(delay)"])
                attempt += 1
                try await Task.sleep(for: delay)
            }
        }
    }

    private func serve(_ session: EngineIOClientSession, onSuccess: () -> Void) async throws {
        let isClosed = self.state.withLock { state in
            guard !state.isClosed else { return true }
            state.session = session
            for socket in state.sockets.values { self.addApplicant.yield(socket) }
            return false
        }
        guard !isClosed else { return }
        var assembler = PacketAssembler(limits: self.configuration.limits)
        for try await message in session.messages {
            guard let packet = try assembler.received(message) else { continue }
            if case .connect = packet.content { onSuccess() }
            guard let socket = self.state.withLock({ $0.sockets[packet.namespace] }) else { continue }
            try await socket.received(packet)
            await self.waitForHandlers()
        }
    }

    private func lost(_ reason: String) {
        let sockets = self.state.withLock { state in
            state.session = nil
            return Array(state.sockets.values)
        }
        for socket in sockets { socket.lost(reason) }
    }
}

extension PacketAssembler {
    fileprivate mutating func received(_ message: WebSocketMessage) throws -> SocketIOPacket? {
        guard message.kind == .text else { return try self.receivedBinary(Array(message.bytes.readableBytesView)) }
        return try message.bytes.withUnsafeReadableBytes { try self.receivedText($0) }
    }
}

extension Error {
    /// Asking again would bring the same answer.
    fileprivate var isPermanent: Bool {
        guard let error = self as? EngineIOClientError else { return false }
        if error.reason == .invalidURL || error.reason == .proxy { return true }
        guard error.reason == .refused, let status = error.status?.code else { return false }
        return (400..<500).contains(status) && ![408, 425, 429].contains(status)
    }
}
