import Synchronization
import Testing

@testable import SocketIOServer

/// What is kept for those who may come back is bounded by count, bytes and time.
extension RecoveryTests {
    @Test("Over the most sockets that may be away, the one that went first is forgotten")
    func socketCount() async throws {
        try await self.run(configure: { $0.maximumSocketCount = 1 }) { server in
            let (first, _, firstOffset) = try await self.connect(server)
            let (second, socket, secondOffset) = try await self.connect(server)
            for client in [first, second] {
                client.close()
                _ = try await self.ends.take()
            }
            _ = try await self.comeBack(server, first, firstOffset).take()
            #expect(try await !self.sockets.take().isRecovered)
            _ = try await self.comeBack(server, second, secondOffset).take()
            let back = try await self.sockets.take()
            #expect(back.isRecovered && back.id == socket.id)
        }
    }

    @Test("Over the most bytes of events, who has missed the first can't come back, who has missed the last can")
    func byteCount() async throws {
        try await self.run(configure: { $0.maximumByteCount = 2000 }) { server in
            let (first, _, early) = try await self.connect(server)
            let (second, _, _) = try await self.connect(server)
            for number in 0..<10 { try server.io.emit("n", number, String(repeating: "x", count: 100)) }
            let late = try await self.offset(#require(second.take(9).last))
            for client in [first, second] {
                client.close()
                _ = try await self.ends.take()
            }
            _ = try await self.comeBack(server, first, early).take()
            #expect(try await !self.sockets.take().isRecovered)
            let again = try await self.comeBack(server, second, late)
            #expect(try await again.take().hasPrefix(#"42["n",9,"#))
            #expect(try await self.sockets.take().isRecovered)
        }
    }

    @Test("What is too old is let go where nothing happens any more, and with it the namespaces that clients made up")
    func age() async throws {
        let patterns = Mutex<SocketIONamespacePattern?>(nil)
        try await self.run(
            configure: {
                $0.maximumDisconnection = .milliseconds(100)
            },
            set: { io in
                let pattern = io.of { $0.hasPrefix("/room-") }
                pattern.onDisconnect { _, reason in self.ends.put(reason) }
                patterns.withLock { $0 = pattern }
            }
        ) { server in
            let pattern = try #require(patterns.withLock { $0 })
            let client = try await server.connect()
            try await client.send("40/room-1,")
            while pattern.namespaces.isEmpty { await Task.yield() }
            try server.io.emit("kept")
            #expect(server.io.recoveryBudget.byteCount > 0)
            client.close()
            for _ in 0..<2 { _ = try await self.ends.take() }
            let deadline = ContinuousClock.now + .seconds(10)
            while !pattern.namespaces.isEmpty || server.io.recoveryBudget.byteCount > 0,
                ContinuousClock.now < deadline
            {
                await Task.yield()
            }
            #expect(pattern.namespaces.isEmpty)
            #expect(server.io.recoveryBudget.byteCount == 0)
        }
    }

    @Test("All namespaces together keep no more than the server may: one that has more to keep does not")
    func total() async throws {
        var configuration = SocketIOConfiguration()
        configuration.recovery = SocketIORecovery()
        configuration.recoveryByteCount = 5000
        let io = SocketIOServer(configuration: configuration)
        let pattern = io.of { $0.hasPrefix("/room-") }
        pattern.onConnect { self.sockets.put($0) }.onDisconnect { _, reason in self.ends.put(reason) }
        try await TestServer.run(routes: { io.mount(on: &$0) }) { server in
            let server = SocketServer(io: io, server: server)
            for number in 1...4 {
                let client = try await server.connect("/room-\(number)")
                _ = try await self.sockets.take()
                client.close()
                _ = try await self.ends.take()
                _ = try await server.connect("/room-end")
                _ = try await self.sockets.take()
            }
            #expect(Set(pattern.namespaces.map(\.name)) == ["/room-1", "/room-2", "/room-end"])
            for number in 0..<100 { try pattern.namespaces.first?.emit("n", number) }
            #expect(io.recoveryBudget.byteCount <= 5000)
        }
        #expect(io.recoveryBudget.byteCount <= 5000)
    }
}
