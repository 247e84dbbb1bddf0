import Testing

@testable import EngineIOServer
@testable import SocketIOServer

/// While recovery is on, rooms keep step with what is sent to them.
extension RecoveryTests {
    @Test("Who has just joined a room is asked and found there")
    func joinedAndAsked() async throws {
        try await self.run(set: { io in
            io.on("go") { (socket: SocketIOSocket) async throws -> [Int] in
                socket.join("r")
                let answers = try await io.to("r").emitWithAck("q", as: Int.self)
                socket.join("s")
                io.in("s").join("t")
                let found = await io.in("t").sockets()
                return answers.all + [found.count]
            }
        }) { server in
            let (client, _, _) = try await self.connect(server)
            try await client.send(#"427["go"]"#)
            #expect(try await client.take() == #"420["q"]"#)
            try await client.send("430[5]")
            #expect(try await client.take() == "437[[5,1]]")
        }
    }

    @Test("A room that is joined in the turn in which the connection is lost comes back, one that is left does not")
    func lostInTheSameTurn() async throws {
        try await self.run(set: { io in
            io.on("go") { socket in
                try io.to("new").emit("before")
                socket.join("new")
                socket.leave("old")
                try io.to("new").emit("joined")
                socket.connection.session.fail(.transportClose)
            }
        }) { server in
            let (client, socket, _) = try await self.connect(server)
            socket.join("old")
            try server.io.to("old").emit("first")
            let offset = try await self.offset(client.take())
            try await client.send(#"42["go"]"#)
            _ = try await self.ends.take()
            try server.io.to("old").emit("left")
            try server.io.to("new").emit("after")
            let again = try await self.comeBack(server, client, offset)
            let packets = try await again.take(3)
            #expect(try packets[..<2].map(self.withoutOffset) == [#"42["joined"]"#, #"42["after"]"#])
            #expect(packets[2].hasPrefix("40{"))
            #expect(try await self.sockets.take().rooms == ["new"])
        }
    }
}
