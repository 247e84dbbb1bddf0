import EngineIOServer
import HTTPTypes
import NIOCore
import WebSocketServer

/// A server with Engine.IO on `/engine.io/`.
extension TestServer {
    static func runEngine<Result: Sendable>(
        configure: (inout EngineIOConfiguration) -> Void = { _ in },
        server: (inout ServerConfiguration) -> Void = { _ in },
        authorize: (@Sendable (ServerRequest) async throws -> EngineIOAdmission)? = nil,
        onSession: @escaping @Sendable (EngineIOSession) -> Void = { $0.echo() },
        _ body: (TestServer) async throws -> Result
    ) async throws -> Result {
        var configuration = EngineIOConfiguration()
        configure(&configuration)
        let engine = EngineIOServer(configuration: configuration, authorize: authorize, onSession: onSession)
        return try await TestServer.run(
            configure: { server(&$0) },
            routes: { engine.mount("/engine.io/", on: &$0) },
            body
        )
    }
}

extension EngineIOSession {
    func echo() {
        self.onMessage { session, message in session.send(message) }
    }
}

/// One request after the other on a connection of its own.
struct Requests: Sendable {
    let socket: RawSocket

    static func connect(_ server: TestServer) async throws -> Requests {
        Requests(socket: try await RawSocket.connect(to: server.port))
    }

    func start(_ method: String, _ query: String, _ fields: [String] = [], body: String? = nil) async throws {
        var lines = ["\(method) /engine.io/?EIO=4&\(query) HTTP/1.1", "Host: localhost"] + fields
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        try await self.socket.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
    }

    func ask(
        _ method: String, _ query: String, _ fields: [String] = [], body: String? = nil
    ) async throws -> (head: String, body: String) {
        try await self.start(method, query, fields, body: body)
        return try await self.socket.takeResponse()
    }

    /// The session id of a new session.
    func open(_ fields: [String] = []) async throws -> String {
        let (_, body) = try await self.ask("GET", "transport=polling", fields)
        guard let start = body.firstRange(of: "\"sid\":\"") else {
            throw RawSocketError(description: "no session: \(body)")
        }
        return String(body[start.upperBound...].prefix(20))
    }

    func poll(_ id: String) async throws -> String { try await self.ask("GET", "transport=polling&sid=\(id)").body }

    func push(_ id: String, _ body: String) async throws -> String {
        try await self.ask("POST", "transport=polling&sid=\(id)", body: body).body
    }
}

extension RawSocket {
    /// Opens a WebSocket of Engine.IO by hand; with an id it is to take over from polling.
    static func openEngine(_ server: TestServer, _ id: String? = nil, reads: Bool = true) async throws -> RawSocket {
        let query = "EIO=4&transport=websocket" + (id.map { "&sid=\($0)" } ?? "")
        return try await RawSocket.open(server.port, path: "/engine.io/?\(query)", reads: reads)
    }

    func send(packets: String...) async throws {
        for packet in packets { try await self.send(RawFrame.text(packet).masked()) }
    }

    /// The text of the next frame.
    func takePacket() async throws -> String {
        String(decoding: try await self.takeFrame().payload, as: UTF8.self)
    }
}
