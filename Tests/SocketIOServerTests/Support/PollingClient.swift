import Testing

/// A session over HTTP polling, by hand.
struct PollingClient: Sendable {
    private let polls: RawSocket
    private let pushes: RawSocket
    private let id: String

    static func open(_ server: SocketServer) async throws -> PollingClient {
        let polls = try await RawSocket.connect(to: server.server.port)
        try await polls.send("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n\r\n")
        let body = try await polls.takeResponse().body
        let start = try #require(body.firstRange(of: "\"sid\":\""))
        return PollingClient(
            polls: polls,
            pushes: try await RawSocket.connect(to: server.server.port),
            id: String(body[start.upperBound...].prefix(20))
        )
    }

    /// The packets of the next poll that brings more than pings.
    func poll() async throws -> [String] {
        while true {
            try await self.polls.send(
                "GET /socket.io/?EIO=4&transport=polling&sid=\(self.id) HTTP/1.1\r\nHost: h\r\n\r\n")
            let packets = try await self.polls.takeResponse().body.split(separator: "\u{1E}").map(String.init)
            if packets.contains(where: { $0 != "2" }) { return packets.filter { $0 != "2" } }
        }
    }

    @discardableResult
    func push(_ body: String, isAnswered: Bool = true) async throws -> String {
        try await self.pushes.send(
            "POST /socket.io/?EIO=4&transport=polling&sid=\(self.id) HTTP/1.1\r\nHost: h\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return isAnswered ? try await self.takeAnswer() : ""
    }

    func takeAnswer() async throws -> String { try await self.pushes.takeResponse().body }
}
