import SocketIOServer
import Testing

@Suite(.timeLimit(.minutes(1))) struct BroadcastTests {
    private func run(_ body: (SocketServer, [RawClient], [SocketIOSocket]) async throws -> Void) async throws {
        let sockets = Mailbox<SocketIOSocket>()
        try await SocketServer.run { io in
            io.settles()
            io.onConnect { sockets.put($0) }
        } _: { server in
            var clients: [RawClient] = []
            var connected: [SocketIOSocket] = []
            // Connections in a row live on different event loops.
            for _ in 0..<4 {
                clients.append(try await server.connect())
                connected.append(try await sockets.take())
            }
            try await body(server, clients, connected)
        }
    }

    private func received(_ server: SocketServer, _ clients: [RawClient]) async throws -> [[String]] {
        // A trip to each event loop: what was sent has left them.
        _ = await server.io.everybody.sockets()
        var all: [[String]] = []
        for client in clients { all.append(try await client.settle()) }
        return all
    }

    @Test("All, rooms, unions of rooms, and all but some: each socket once")
    func targets() async throws {
        try await self.run { server, clients, sockets in
            sockets[0].join("a")
            sockets[1].join("a", "b")
            sockets[2].join("b")
            // A trip to each event loop, so that all have joined.
            _ = try await self.received(server, clients)
            try server.io.emit("all")
            try server.io.to("a").emit("a")
            try server.io.local.to("a", "b").emit("ab")
            try server.io.to("a").except("b").emit("a-b")
            try server.io.except("a").emit("-a")
            try server.io.to(sockets[3].id).emit("one")
            try server.io.to("a", sockets[0].id).emit("twice")
            try server.io.to("nobody").emit("none")
            try sockets[0].broadcast.emit("others")
            try sockets[0].to("a").emit("others in a")
            try sockets[3].except("b").emit("neither")
            let received = try await self.received(server, clients).map { packets in
                packets.map { String($0.dropFirst(4).dropLast(2)) }
            }
            #expect(
                received == [
                    ["all", "a", "ab", "a-b", "twice", "neither"],
                    ["all", "a", "ab", "twice", "others", "others in a"],
                    ["all", "ab", "-a", "others"],
                    ["all", "-a", "one", "others"],
                ])
        }
    }

    @Test("Who leaves a room, or the namespace, hears no more of it")
    func leaving() async throws {
        try await self.run { server, clients, sockets in
            server.io.everybody.join("r", "s")
            server.io.except(sockets[1].id).leave("s")
            sockets[0].leave("r")
            clients[2].close()
            while sockets[2].isConnected { await Task.yield() }
            try server.io.to("r").emit("r")
            try server.io.to("s").emit("s")
            #expect(
                try await self.received(server, [clients[0], clients[1], clients[3]]) == [
                    [], [#"42["r"]"#, #"42["s"]"#], [#"42["r"]"#],
                ])
            #expect([0, 1, 3].map { sockets[$0].rooms.sorted() } == [[], ["r", "s"], ["r"]])
            #expect(await Set(server.io.to("r").sockets()) == [sockets[1], sockets[3]])
            server.io.to("s").disconnect()
            #expect(try await clients[1].take() == "41")
            #expect(await server.io.everybody.sockets().count == 2)
        }
    }

    @Test("What one caller sends arrives in the order in which it was sent, one way or the other")
    func order() async throws {
        try await self.run { server, clients, sockets in
            for number in 0..<100 {
                try server.io.emit("n", number)
                for socket in sockets { try socket.emit("n", number) }
                try server.io.to(sockets[1].id, sockets[2].id).emit("n", number)
            }
            let received = try await self.received(server, clients)
            for (index, packets) in received.enumerated() {
                let times = index == 1 || index == 2 ? 3 : 2
                #expect(packets == (0..<100).flatMap { number in (0..<times).map { _ in "42[\"n\",\(number)]" } })
            }
        }
    }

    @Test("A broadcast gathers answers, and says whose are missing")
    func answers() async throws {
        try await self.run { server, clients, sockets in
            async let answers = server.io.except(sockets[3].id).timeout(.milliseconds(500)).emitWithAck(
                "n", "x", as: Int.self)
            for client in clients[..<3] { #expect(try await client.take() == #"420["n","x"]"#) }
            try await clients[0].send("430[5]")
            try await clients[1].send(#"430["no number"]"#)
            let result = try await answers
            #expect(result.bySocket == [sockets[0].id: 5])
            #expect(result.all == [5])
            #expect(Set(result.missing) == [sockets[1].id, sockets[2].id])
            let none = try await server.io.to("nobody").emitWithAck("n", as: Int.self)
            #expect(none.all.isEmpty && none.missing.isEmpty)
        }
    }

    @Test("Binary broadcasts carry their attachments, with nothing in between")
    func binary() async throws {
        try await self.run { server, clients, _ in
            try server.io.emit("b", [UInt8](repeating: 7, count: 3), "x")
            try server.io.emit("after")
            for client in clients {
                #expect(try await client.take() == #"451-["b",{"_placeholder":true,"num":0},"x"]"#)
                #expect(try await client.takeFrame() == .binary([7, 7, 7]))
                #expect(try await client.take() == #"42["after"]"#)
            }
        }
    }

    @Test("A volatile event is for those who can take it at once: between two polls nobody can")
    func volatile() async throws {
        let sockets = Mailbox<SocketIOSocket>()
        try await SocketServer.run {
            $0.onConnect { sockets.put($0) }
        } _: { server in
            let client = try await PollingClient.open(server)
            try await client.push("40")
            let socket = try await sockets.take()
            _ = try await client.poll()
            try server.io.volatile.emit("lost")
            try socket.emitVolatile("lost")
            // When this is answered the session has decided about those two: the poll can't overtake them.
            try await client.push(#"42["over"]"#)
            try server.io.emit("kept")
            #expect(try await client.poll() == [#"42["kept"]"#])
            let other = try await server.connect()
            try server.io.volatile.emit("taken")
            #expect(try await other.take() == #"42["taken"]"#)
        }
    }
}
