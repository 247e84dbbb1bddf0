internal import AsyncHTTPClient
internal import EngineIOProtocol
internal import HTTPTypes
internal import NIOCore
internal import Synchronization
internal import WebSocketClient
internal import WebSocketNIO

/// How a session comes about, and how its WebSocket does.
extension SessionDriver {
    /// Does the handshake.
    static func open(
        _ address: EngineIOAddress, _ http: HTTPClient, _ configuration: EngineIOClientConfiguration
    ) async throws -> SessionDriver {
        let polling = Polling(address: address, http: http, configuration: configuration)
        guard configuration.transports == .webSocketOnly else {
            var packets = try await polling.get(nil, timeout: configuration.requestTimeout)[...]
            guard case .control(.open, let json) = packets.popFirst() else {
                throw EngineIOClientError(.invalidResponse, "the server's first packet does not open a session")
            }
            return SessionDriver(try SessionParameters(json), polling, nil, first: Array(packets))
        }
        let socket = try await SessionDriver.dial(address, nil, configuration)
        do {
            let first = try await SessionDriver.first(of: socket, within: configuration.requestTimeout)
            guard let first, case .control(.open, let json) = try? IncomingPacket(first) else {
                throw EngineIOClientError(.invalidResponse, "the server's first packet does not open a session")
            }
            return SessionDriver(try SessionParameters(json), polling, socket)
        } catch {
            _ = try? await socket.close()
            throw error
        }
    }

    /// The first message, or nil if the server closes the WebSocket before.
    private static func first(
        of socket: WebSocketConnection, within timeout: Duration
    ) async throws -> WebSocketMessage? {
        try await withThrowingTaskGroup(of: WebSocketMessage?.self) { group in
            group.addTask {
                for try await message in socket.messages { return message }
                return nil
            }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw EngineIOClientError(.timedOut, "the server said nothing within \(timeout)")
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    private static func dial(
        _ address: EngineIOAddress, _ id: String?, _ configuration: EngineIOClientConfiguration
    ) async throws -> WebSocketConnection {
        do {
            return try await configuration.webSocketClient.connect(to: address.url(.webSocket, id, isWebSocket: true))
        } catch let error as ConnectError {
            let reason: EngineIOClientError.Reason =
                switch error.reason {
                case .timedOut: .timedOut
                case .proxy: .network
                default: error.response == nil ? .network : .refused
                }
            throw EngineIOClientError(
                reason, error.message,
                status: error.response?.status, headerFields: error.response?.headerFields ?? [:],
                body: String(buffer: error.body), underlying: error)
        }
    }

    /// Opens a WebSocket beside the polling session and asks whether it gets through; if not, polling goes on.
    func probe() async {
        var configuration = self.configuration
        configuration.headerFields = self.polling.cookies.added(to: configuration.headerFields)
        guard let socket = try? await SessionDriver.dial(self.polling.address, self.parameters.sid, configuration)
        else { return }
        do {
            try await socket.send("2probe")
            let answer = try await SessionDriver.first(of: socket, within: self.configuration.requestTimeout)
            if answer?.text == "3probe" { return self.state.withLock { $0.candidate = socket } }
        } catch {}
        _ = try? await socket.close()
    }
}
