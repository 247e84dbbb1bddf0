internal import NIOConcurrencyHelpers
internal import WebSocketNIO
internal import WebSocketProtocol

/// What a client knows of servers that speak HTTP/2: connections to share, and who has no WebSocket over them.
final class HTTP2Pool: Sendable {
    private struct Key: Hashable {
        let isSecure: Bool, host: String, port: Int, unixSocketPath: String?
        /// Connections that have shown who we are are not for requests which don't.
        let isForeign: Bool

        init(_ request: HandshakeRequest) {
            self.isSecure = request.url.isSecure
            self.host = request.url.host
            self.port = request.url.port
            self.unixSocketPath = request.url.unixSocketPath
            self.isForeign = request.isForeign
        }
    }

    private struct State {
        var connections: [Key: [HTTP2Connection]] = [:]
        /// And until when that is believed.
        var withoutWebSocket: [Key: MonotonicTime] = [:]
    }

    /// So many servers are remembered; a client that talks to more asks some of them once more.
    private static let maximumRememberedCount = 1000
    /// A server may learn it. Asking again costs a connection more, once in this time.
    static let memory = Duration.seconds(600)

    private let state = NIOLockedValueBox(State())

    /// A connection with a place that is taken for the caller.
    func reserve(_ request: HandshakeRequest) -> HTTP2Connection? {
        self.state.withLockedValue { $0.connections[Key(request)]?.first { $0.reserve() } }
    }

    /// Others may share it, until it closes.
    func add(_ connection: HTTP2Connection, for request: HandshakeRequest) {
        let key = Key(request)
        self.state.withLockedValue { $0.connections[key, default: []].append(connection) }
        connection.onClose {
            self.state.withLockedValue { state in
                state.connections[key]?.removeAll { $0 === connection }
                if state.connections[key]?.isEmpty == true { state.connections[key] = nil }
            }
        }
    }

    func lacksWebSocket(_ request: HandshakeRequest, now: MonotonicTime = DeadlineWheel.now()) -> Bool {
        self.state.withLockedValue { state in
            guard let end = state.withoutWebSocket[Key(request)] else { return false }
            if now < end { return true }
            state.withoutWebSocket[Key(request)] = nil
            return false
        }
    }

    func rememberLack(_ request: HandshakeRequest, now: MonotonicTime = DeadlineWheel.now()) {
        self.state.withLockedValue { state in
            if state.withoutWebSocket.count >= HTTP2Pool.maximumRememberedCount { state.withoutWebSocket.removeAll() }
            state.withoutWebSocket[Key(request)] = now.advanced(by: HTTP2Pool.memory)
        }
    }
}
