internal import NIOConcurrencyHelpers
internal import WebSocketProtocol

/// What a client knows of servers that speak HTTP/2: connections to share, and who has no WebSocket over them.
final class HTTP2Pool: Sendable {
    private struct Key: Hashable {
        let isSecure: Bool, host: String, port: Int, unixSocketPath: String?

        init(_ url: WebSocketURL) {
            self.isSecure = url.isSecure
            self.host = url.host
            self.port = url.port
            self.unixSocketPath = url.unixSocketPath
        }
    }

    private struct State {
        var connections: [Key: [HTTP2Connection]] = [:]
        var withoutWebSocket: Set<Key> = []
    }

    /// So many servers are remembered; a client that talks to more asks some of them once more.
    private static let maximumRememberedCount = 1000

    private let state = NIOLockedValueBox(State())

    /// A connection with a place that is taken for the caller.
    func reserve(_ url: WebSocketURL) -> HTTP2Connection? {
        self.state.withLockedValue { $0.connections[Key(url)]?.first { $0.reserve() } }
    }

    /// Others may share it, until it closes.
    func add(_ connection: HTTP2Connection, for url: WebSocketURL) {
        self.state.withLockedValue { $0.connections[Key(url), default: []].append(connection) }
        connection.onClose {
            self.state.withLockedValue { state in
                state.connections[Key(url)]?.removeAll { $0 === connection }
                if state.connections[Key(url)]?.isEmpty == true { state.connections[Key(url)] = nil }
            }
        }
    }

    func lacksWebSocket(_ url: WebSocketURL) -> Bool {
        self.state.withLockedValue { $0.withoutWebSocket.contains(Key(url)) }
    }

    func rememberLack(_ url: WebSocketURL) {
        self.state.withLockedValue { state in
            if state.withoutWebSocket.count >= HTTP2Pool.maximumRememberedCount { state.withoutWebSocket.removeAll() }
            state.withoutWebSocket.insert(Key(url))
        }
    }
}
