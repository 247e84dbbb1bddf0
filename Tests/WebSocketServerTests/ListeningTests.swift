import NIOCore
import NIOPosix
import Testing
import WebSocketClient

@testable import WebSocketServer

@Suite("Where a server listens", .timeLimit(.minutes(1)))
struct ListeningTests {
    private let path = "/tmp/martlet-\(UInt64.random(in: 0...UInt64.max)).sock"

    private func echo(_ url: String, _ versions: HTTPVersions = .http1) async throws {
        let client = TestServer.client { $0.httpVersions = versions }
        try await client.withConnection(to: url) { connection in
            try await connection.send("hello")
            for try await message in connection.messages {
                #expect(message.text == "hello")
                break
            }
        }
    }

    /// Runs a server, and hands `body` as many addresses as it has.
    private func serve(
        _ configuration: ServerConfiguration, _ body: ([SocketAddress]) async throws -> Void
    ) async throws {
        let (arriving, arrive) = AsyncStream.makeStream(of: SocketAddress.self)
        var server = WebSocketServer(configuration: configuration, logger: TestServer.quiet)
        server.echo()
        server.onListening { arrive.yield($0) }
        try await withThrowingTaskGroup(of: Void.self) { [server] group in
            group.addTask {
                defer { arrive.finish() }
                try await server.run()
            }
            var addresses: [SocketAddress] = []
            for await address in arriving.prefix(configuration.addresses.count) { addresses.append(address) }
            try await body(addresses)
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test("On several addresses at once: a client reaches it at each of them", .requirement(297))
    func several() async throws {
        var configuration = ServerConfiguration(host: "127.0.0.1", port: 0)
        configuration.furtherAddresses = [
            .tcp(host: "::1", port: 0), .unixSocket(path: self.path), .tcp(host: "127.0.0.1", port: 0),
        ]
        try await self.serve(configuration) { addresses in
            #expect(addresses.map(\.ipAddress) == ["127.0.0.1", "::1", nil, "127.0.0.1"])
            for address in addresses {
                for versions in [HTTPVersions.http1, .http2] {
                    if let ip = address.ipAddress, let port = address.port {
                        try await self.echo("ws://\(ip.contains(":") ? "[\(ip)]" : ip):\(port)/", versions)
                    } else {
                        try await self.echo("ws+unix://\(self.path):/", versions)
                    }
                }
            }
            #expect(Set(addresses.compactMap(\.port)).count == 3)
        }
    }

    @Test("On a Unix socket alone; the file that a server left behind is replaced", .requirement(297))
    func unixSocket() async throws {
        var configuration = ServerConfiguration(host: nil)
        configuration.furtherAddresses = [.unixSocket(path: self.path)]
        for _ in 0..<2 {
            try await self.serve(configuration) { addresses in
                #expect(addresses.map(\.pathname) == [self.path])
                try await self.echo("ws+unix://\(self.path):/")
            }
        }
    }

    @Test("The Unix socket of a server that runs is left alone, and so is a file that is no socket", .requirement(297))
    func taken() async throws {
        var configuration = ServerConfiguration(host: nil)
        configuration.furtherAddresses = [.unixSocket(path: self.path)]
        try await self.serve(configuration) { [configuration] _ in
            let second = WebSocketServer(configuration: configuration, logger: TestServer.quiet)
            let error = await #expect(throws: IOError.self) { try await second.run() }
            #expect(error?.description.contains("a server listens on") == true)
            try await self.echo("ws+unix://\(self.path):/")
        }
        var misplaced = configuration
        misplaced.furtherAddresses = [.unixSocket(path: "/etc/hostname")]
        let third = WebSocketServer(configuration: misplaced, logger: TestServer.quiet)
        await #expect(throws: (any Error).self) { try await third.run() }
    }

    @Test("What reads straight from the socket is decided for each connection: TLS may begin while the server runs")
    func transport() async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let decisions = try await eventLoop.submit {
            let core = ServerCore(
                configuration: ServerConfiguration(), routes: Routes(), logger: TestServer.quiet)
            return [true, false].map { isSecure in
                HTTP1Handler(
                    shared: core, loop: ServerLoop(context: .current(eventLoop)),
                    peer: PeerInformation(address: nil, isSecure: isSecure),
                    firstDeadline: MonotonicTime(nanoseconds: 0)
                ).isOnSocket
            }
        }.get()
        #expect(decisions == [false, true])
    }
}
