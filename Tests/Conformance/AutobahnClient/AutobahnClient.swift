import WebSocketClient

/// The client under test of the Autobahn suite. usage: autobahn-client ws://127.0.0.1:9001 AGENT
@main
struct AutobahnClient {
    static func main() async throws {
        try await self.run()
    }

    // Off the main actor, which `main` belongs to, so that conversations run on their event loops.
    @concurrent
    static func run() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else { fatalError("usage: autobahn-client URL AGENT") }
        let (suite, agent) = (arguments[1], arguments[2])

        var configuration = ClientConfiguration()
        configuration.connection.limits.maximumMessageByteCount = 32 << 20
        configuration.connection.limits.maximumFrameByteCount = 32 << 20
        configuration.connection.compression = CompressionConfiguration()
        let client = WebSocketClient(configuration: configuration)

        let count = try await client.withConnection(to: "\(suite)/getCaseCount") { connection in
            for try await message in connection.messages { return Int(message.text ?? "") ?? 0 }
            return 0
        }
        guard count > 0 else { fatalError("the suite has no cases") }
        for number in 1...count {
            try await client.withConnection(to: "\(suite)/runCase?case=\(number)&agent=\(agent)") { connection in
                do {
                    for try await message in connection.messages { try await connection.send(message) }
                } catch is ConnectionClosedError {
                    // Most cases end that way; the suite judges how.
                }
                // Whoever closes is part of the case.
                _ = await connection.closed
            }
        }
        try await client.withConnection(to: "\(suite)/updateReports?agent=\(agent)") { _ = await $0.closed }
        print("\(count) cases run")
    }
}
