internal import EngineIOProtocol
internal import NIOCore
internal import Synchronization
internal import WebSocketClient
internal import WebSocketNIO

/// Carries a session: one task takes in, one sends, one watches the time, and one tries a WebSocket.
final class SessionDriver: Sendable {
    let parameters: SessionParameters
    let inbound: BoundedQueue<WebSocketMessage>
    let polling: Polling
    let state: Mutex<State>
    private let outbound: BoundedQueue<OutgoingPacket>
    /// What came with the handshake.
    private let first: [IncomingPacket]
    /// Ends when closing begins.
    private let closing: AsyncStream<Void>
    private let beginClosing: AsyncStream<Void>.Continuation

    var configuration: EngineIOClientConfiguration { self.polling.configuration }

    struct State {
        /// What carries the session from its start.
        let first: WebSocketConnection?
        /// A WebSocket that has shown that it works.
        var candidate: WebSocketConnection?
        var transport: EngineIOTransport
        var lastPing = ContinuousClock.now
        var isClosing = false
        var isPongWaiting = false
        var onTransportChange: (@Sendable (EngineIOTransport) -> Void)?
    }

    /// The session was closed from here.
    private struct Closed: Error {}

    init(
        _ parameters: SessionParameters, _ polling: Polling, _ socket: WebSocketConnection?,
        first: [IncomingPacket] = []
    ) {
        self.parameters = parameters
        self.polling = polling
        self.first = first
        (self.closing, self.beginClosing) = AsyncStream.makeStream()
        self.inbound = BoundedQueue(capacity: polling.configuration.inboundQueueByteCount)
        self.outbound = BoundedQueue(capacity: polling.configuration.outboundQueueByteCount)
        self.state = Mutex(State(first: socket, transport: socket == nil ? .polling : .webSocket))
    }
}

// MARK: - For the application

extension SessionDriver {
    var transport: EngineIOTransport { self.state.withLock { $0.transport } }

    func send(_ messages: [WebSocketMessage]) async throws {
        try await self.outbound.put(.messages(messages), cost: messages.cost)
    }

    func sendIfRoom(_ messages: [WebSocketMessage]) throws -> Bool {
        try self.outbound.putIfRoom(.messages(messages), cost: messages.cost)
    }

    func waitForRoom(for messages: [WebSocketMessage]) async throws {
        try await self.outbound.waitForRoom(cost: messages.cost)
    }

    func sendNow(_ messages: [WebSocketMessage]) {
        self.outbound.putNow(.messages(messages))
    }

    /// Says goodbye after what was sent before.
    func close() {
        self.outbound.finish(with: .close, throwing: EngineIOClientError.closedHere)
        self.beginClosing.finish()
    }

    func onTransportChange(_ callback: @escaping @Sendable (EngineIOTransport) -> Void) {
        self.state.withLock { $0.onTransportChange = callback }
    }
}

// MARK: - Running

extension SessionDriver {
    /// Carries the session to its end.
    func run() async {
        var reason: any Error = CancellationError()
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.receive() }
                group.addTask { try await self.sendAll() }
                group.addTask { try await self.watch() }
                group.addTask {
                    for await _ in self.closing {}
                    // Whoever does not take the goodbye is not waited for.
                    try await Task.sleep(for: self.configuration.closeTimeout)
                    throw Closed()
                }
                if self.configuration.transports == .pollingThenWebSocket,
                    self.parameters.upgrades.contains("websocket")
                {
                    group.addTask { await self.probe() }
                }
                // The first to fail ends the others.
                for try await _ in group {}
            }
        } catch {
            // After our goodbye the server ends what is under way, which is no error.
            reason = self.state.withLock { $0.isClosing } ? Closed() : error
        }
        let ended = reason is Closed ? EngineIOClientError.closedHere : reason
        self.inbound.finish(throwing: reason is Closed ? nil : reason)
        self.outbound.finish(throwing: ended)
        let sockets = self.state.withLock { [$0.first, $0.candidate] }
        for socket in sockets { _ = try? await socket?.close() }
    }

    private func receive() async throws {
        for packet in self.first { try await self.received(packet) }
        var socket = self.state.withLock { $0.first }
        // After the goodbye the server knows of no session to poll.
        while socket == nil, !self.state.withLock({ $0.isClosing }) {
            let timeout = self.parameters.maximumSilence + self.configuration.requestTimeout
            for packet in try await self.polling.get(self.parameters.sid, timeout: timeout) {
                try await self.received(packet)
            }
            // No poll is under way now: the moment to move.
            if let candidate = self.state.withLock({ $0.candidate }) {
                socket = await self.move(to: candidate) ? candidate : nil
            }
        }
        guard let socket else { return }
        do {
            for try await message in socket.messages {
                guard let packet = try? IncomingPacket(message) else {
                    throw EngineIOClientError(.invalidResponse, "the server sent a message that is no packet")
                }
                try await self.received(packet)
            }
        } catch let error as ConnectionClosedError {
            throw EngineIOClientError(.network, "the WebSocket was lost: \(error)", underlying: error)
        }
        throw EngineIOClientError(.network, "the server closed the WebSocket")
    }

    /// False if the WebSocket was lost before: then polling goes on.
    private func move(to candidate: WebSocketConnection) async -> Bool {
        let (outcome, told) = AsyncStream.makeStream(of: Bool.self)
        self.outbound.putNow(.upgrade(candidate, told))
        for await isMoved in outcome { return isMoved }
        return false
    }

    private func received(_ packet: IncomingPacket) async throws {
        switch packet {
        case .message(let message):
            try await self.inbound.put(message, cost: message.bytes.readableBytes + 64)
        case .control(.ping, _):
            let isAnswered = self.state.withLock { state in
                state.lastPing = .now
                defer { state.isPongWaiting = true }
                return state.isPongWaiting
            }
            // One answers all that came while it waited.
            if !isAnswered { self.outbound.putNow(.pong) }
        case .control(.noop, _):
            break
        case .control(.close, _):
            throw EngineIOClientError(.closedByServer, "the server closed the session")
        case .control(let type, _):
            throw EngineIOClientError(.invalidResponse, "the server sent a packet that only clients send: \(type)")
        }
    }

    private func sendAll() async throws {
        var socket = self.state.withLock { $0.first }
        while let packet = try await self.outbound.next() {
            switch packet {
            case .upgrade(let candidate, let told):
                guard (try? await candidate.send("5")) != nil else {
                    self.state.withLock { $0.candidate = nil }
                    told.yield(false)
                    break
                }
                told.yield(true)
                socket = candidate
                self.state.withLock { state in
                    state.transport = .webSocket
                    return state.onTransportChange
                }?(.webSocket)
            case .messages(let messages):
                if let socket {
                    for message in messages { try await self.send(message.packet, over: socket) }
                } else {
                    try await self.post(packet)
                }
            case .pong:
                self.state.withLock { $0.isPongWaiting = false }
                if let socket {
                    try await self.send(WebSocketMessage("3"), over: socket)
                } else {
                    try await self.post(packet)
                }
            case .close:
                self.state.withLock { $0.isClosing = true }
                if let socket {
                    try await self.send(WebSocketMessage("1"), over: socket)
                } else {
                    try await self.post(packet)
                }
                throw Closed()
            }
        }
    }

    private func send(_ message: WebSocketMessage, over socket: WebSocketConnection) async throws {
        do {
            try await socket.send(message)
        } catch let error as ConnectionClosedError {
            // The one that receives may know better why: a packet that closes the session may wait there.
            try await Task.sleep(for: .milliseconds(500))
            throw EngineIOClientError(.network, "the WebSocket was lost: \(error)", underlying: error)
        }
    }

    /// Sends a packet, and what waits behind it as far as the server takes it at once.
    private func post(_ packet: OutgoingPacket) async throws {
        var payload = OutgoingPayload(maximumByteCount: self.parameters.maxPayload ?? 1_000_000)
        for part in packet.parts {
            if !payload.hasRoom(for: part) { try await self.polling.post(payload.takeBody(), self.parameters.sid) }
            payload.append(part)
        }
        while let next = self.outbound.takeIf({ !$0.isEnd && payload.hasRoom(for: $0) }) {
            if case .pong = next { self.state.withLock { $0.isPongWaiting = false } }
            payload.append(next)
        }
        try await self.polling.post(payload.takeBody(), self.parameters.sid)
    }

    /// A server that says nothing for longer than its own heartbeat is gone.
    private func watch() async throws {
        while true {
            let deadline = self.state.withLock { $0.lastPing } + self.parameters.maximumSilence
            guard deadline > .now else {
                throw EngineIOClientError(.pingTimeout, "the server was silent for \(self.parameters.maximumSilence)")
            }
            try await Task.sleep(until: deadline)
        }
    }
}

extension [WebSocketMessage] {
    /// What they take of a queue.
    fileprivate var cost: Int { self.reduce(0) { $0 + $1.bytes.readableBytes + 64 } }
}
