import HTTPTypes
import Testing
import WebSocketClient
import WebSocketServer

@Suite("Compression between our server and our client (RFC 7692)", .timeLimit(.minutes(1)))
struct CompressionTests {
    private static let everything: CompressionConfiguration = {
        var configuration = CompressionConfiguration()
        configuration.threshold = 0
        return configuration
    }()

    @Test(
        "It is agreed on if both want it, else not; without it everything works (§5.1)", .requirement(36, 179, 195),
        arguments: [true, false], [true, false])
    func agreement(serverWants: Bool, clientWants: Bool) async throws {
        try await TestServer.run {
            $0.connection.compression = serverWants ? CompressionTests.everything : nil
        } _: { server in
            let client = TestServer.client {
                $0.connection.compression = clientWants ? CompressionTests.everything : nil
            }
            try await client.withConnection(to: server.url()) { connection in
                #expect((connection.handshake.compression != nil) == (serverWants && clientWants))
                let offered = connection.handshake.request.headerFields[.secWebSocketExtensions]
                #expect((offered != nil) == clientWants)
                for number in 0..<5 {
                    let text = String(repeating: "never lands ", count: number * 10)
                    try await connection.send(text)
                    for try await message in connection.messages {
                        #expect(message.text == text)
                        break
                    }
                }
            }
        }
    }

    @Test(
        "Many tasks send compressed messages at once: the compressor is one task's at a time", .requirement(144, 236),
        arguments: ["/", "/callbacks"])
    func concurrentSenders(path: String) async throws {
        let (taskCount, messageCount) = (8, 100)
        try await TestServer.run {
            $0.connection.compression = CompressionTests.everything
        } _: { server in
            let client = TestServer.client { $0.connection.compression = CompressionTests.everything }
            let connection = try await client.connect(to: server.url(path))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<taskCount {
                    group.addTask {
                        for number in 0..<messageCount {
                            let rest = String(repeating: " never lands", count: number)
                            if number % 10 == 0 {
                                try await connection.stream(.text) { writer in
                                    try await writer.write("\(task) ")
                                    await Task.yield()
                                    try await writer.write("\(number)" + rest)
                                }
                            } else {
                                try await connection.send("\(task) \(number)" + rest)
                            }
                        }
                    }
                }
                var next = [Int](repeating: 0, count: taskCount)
                var count = 0
                for try await message in connection.messages {
                    let words = try #require(message.text).split(separator: " ")
                    let parts = words.prefix(2).compactMap { Int($0) }
                    try #require(parts.count == 2)
                    #expect(next[parts[0]] == parts[1] && words.count == 2 + 2 * parts[1])
                    next[parts[0]] = parts[1] + 1
                    count += 1
                    if count == taskCount * messageCount { break }
                }
                #expect(next.allSatisfy { $0 == messageCount })
                try await group.waitForAll()
            }
            let outcome = try await connection.close()
            #expect(outcome.wasClean, "\(outcome)")
        }
    }
}
