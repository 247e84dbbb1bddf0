import NIOCore
import SocketIOServer
import Synchronization
import Testing

/// A server with Socket.IO on `/socket.io/`.
struct SocketServer: Sendable {
    let io: SocketIOServer
    let server: TestServer

    static func run<Result: Sendable>(
        configure: (inout SocketIOConfiguration) -> Void = { _ in },
        set: (SocketIOServer) -> Void,
        _ body: (SocketServer) async throws -> Result
    ) async throws -> Result {
        var configuration = SocketIOConfiguration()
        configure(&configuration)
        let io = SocketIOServer(configuration: configuration)
        set(io)
        return try await TestServer.run(routes: { io.mount(on: &$0) }) { server in
            try await body(SocketServer(io: io, server: server))
        }
    }

    /// A session over WebSocket.
    func open() async throws -> RawClient {
        let socket = try await RawSocket.open(self.server.port, path: "/socket.io/?EIO=4&transport=websocket")
        let client = RawClient(socket: socket)
        try #require(try await client.take().hasPrefix("0{"))
        return client
    }

    /// A session that is in a namespace.
    func connect(_ namespace: String = "", auth: String = "") async throws -> RawClient {
        let client = try await self.open()
        try await client.connect(namespace, auth: auth)
        return client
    }
}

/// A client that sends and takes exactly the packets that a test says, but answers pings.
final class RawClient: Sendable {
    private let socket: RawSocket
    private let ids = Mutex<[String: String]>([:])

    init(socket: RawSocket) {
        self.socket = socket
    }

    /// Engine.IO packets; bytes as they are.
    func send(_ packets: String...) async throws {
        for packet in packets { try await self.socket.send(RawFrame.text(packet).masked()) }
    }

    func send(binary: [UInt8]) async throws {
        try await self.socket.send(RawFrame.binary(binary).masked())
    }

    func takeFrame() async throws -> RawFrame {
        while true {
            let frame = try await self.socket.takeFrame()
            guard frame.payload == [0x32], frame.opcode == 1 else { return frame }
            try await self.send("3")
        }
    }

    func take() async throws -> String {
        String(decoding: try await self.takeFrame().payload, as: UTF8.self)
    }

    func take(_ count: Int) async throws -> [String] {
        var packets: [String] = []
        for _ in 0..<count { packets.append(try await self.take()) }
        return packets
    }

    /// Waits for a round trip: all that was sent before is there.
    func settle() async throws -> [String] {
        try await self.send(#"4299["settle"]"#)
        var before: [String] = []
        while true {
            let packet = try await self.take()
            if packet == "4399[]" { return before }
            before.append(packet)
        }
    }

    /// Joins a namespace; ``id(_:)`` knows its ids then.
    func connect(_ namespace: String = "", auth: String = "") async throws {
        let prefix = namespace.isEmpty ? "" : namespace + ","
        try await self.send("40\(prefix)\(auth)")
        let packet = try await self.take()
        try #require(packet.hasPrefix("40\(prefix){\"sid\":\""), "\(packet)")
        let parts = packet.split(separator: "\"")
        self.ids.withLock { ids in
            ids["sid"] = String(parts[3])
            ids["pid"] = parts.count > 7 ? String(parts[7]) : nil
        }
    }

    func id(_ name: String = "sid") -> String { self.ids.withLock { $0[name] ?? "none" } }

    func close() { self.socket.close() }

    /// Waits for the server to close; nothing else may come.
    func mustClose() async throws {
        let frame = try await self.takeFrame()
        #expect(frame.opcode == 8, "\(frame)")
    }
}

extension SocketIOServer {
    /// What ``RawClient/settle()`` needs.
    func settles() {
        self.onEvent("settle") { _, event in try event.acknowledgment?.send(arguments: []) }
    }
}
