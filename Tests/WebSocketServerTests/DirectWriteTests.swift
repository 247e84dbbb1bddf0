import NIOCore
import NIOSSL
import Testing
import WebSocketClient

@testable import WebSocketNIO
@testable import WebSocketServer

/// Frames go to the socket past the pipeline once nothing waits in the channel.
@Suite("Writing to the socket directly", .timeLimit(.minutes(1)))
struct DirectWriteTests {
    /// Sizes on both sides of every border: copied or not, cork full or not.
    private static let sizes = [1, 200, 16_383, 3, 16_384, 70_000, 5, 65_535, 300, 1023, 1024]
    private static let messageCount = 500

    private static func isDirect(_ connection: WebSocketConnection) async throws -> Bool {
        try await connection.eventLoop.submit { connection.handler.socket != nil }.get()
    }

    /// Counts upwards, for longer than any message. Made once: an event loop that makes them has no time for other tests.
    private static let pattern = (0..<256 + 70_000).map { UInt8(truncatingIfNeeded: $0) }

    /// Message number n, which says what it is.
    private static func message(_ number: Int) -> [UInt8] {
        Array(self.pattern[(number % 256)...].prefix(self.sizes[number % self.sizes.count]))
    }

    @Test("Order and content survive a socket that fills and empties", arguments: [1, 7])
    func order(messagesPerTurn: Int) async throws {
        let connections = Mailbox<WebSocketConnection>()
        try await TestServer.run { configuration in
            configuration.connection.sendLimit = 64 << 20
        } routes: { server in
            server.webSocket("/") { connection in
                connections.put(connection)
                for first in stride(from: 0, to: DirectWriteTests.messageCount, by: messagesPerTurn) {
                    connection.eventLoop.execute {
                        for number in first..<min(first + messagesPerTurn, DirectWriteTests.messageCount) {
                            connection.sendNow(WebSocketMessage(DirectWriteTests.message(number)))
                        }
                    }
                    await Task.yield()
                }
                _ = await connection.closed
            }
        } _: { server in
            let socket = try await RawSocket.open(server.port, reads: false)
            let connection = try await connections.take()
            try await socket.startReading()
            #expect(try await socket.takeHead().hasPrefix("HTTP/1.1 101 "))
            for number in 0..<DirectWriteTests.messageCount {
                guard try await socket.takeFrame().payload == DirectWriteTests.message(number) else {
                    Issue.record("message \(number) is not what was sent")
                    break
                }
            }
            #expect(try await DirectWriteTests.isDirect(connection))
            socket.close()
        }
    }

    @Test("Both roles write directly to plain sockets, and never past TLS", arguments: [false, true])
    func plainAndTLS(isSecure: Bool) async throws {
        let connections = Mailbox<WebSocketConnection>()
        try await TestServer.run { configuration in
            if isSecure { configuration.tls = try TestCertificate.localhost.server() }
        } routes: { server in
            server.webSocket("/") { connection in
                connections.put(connection)
                for try await message in connection.messages { try await connection.send(message) }
            }
        } _: { server in
            let client = try TestServer.client {
                $0.tls = try TestCertificate.localhost.client()
                $0.httpVersions = .http1
            }
            try await client.withConnection(to: server.url(scheme: isSecure ? "wss" : "ws")) { connection in
                var messages = connection.messages.makeAsyncIterator()
                for number in 0..<5 {
                    try await connection.send("\(number)")
                    #expect(try await messages.next()?.text == "\(number)")
                }
                #expect(try await DirectWriteTests.isDirect(connection) == !isSecure)
                #expect(try await DirectWriteTests.isDirect(connections.take()) == !isSecure)
            }
        }
    }
}
