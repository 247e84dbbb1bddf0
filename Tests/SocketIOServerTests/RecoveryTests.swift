import SocketIOServer
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct RecoveryTests {
    let sockets = Mailbox<SocketIOSocket>()
    let ends = Mailbox<SocketIODisconnectReason>()

    func run(
        configure: (inout SocketIORecovery) -> Void = { _ in },
        set: (SocketIOServer) -> Void = { _ in },
        _ body: (SocketServer) async throws -> Void
    ) async throws {
        var recovery = SocketIORecovery()
        configure(&recovery)
        try await SocketServer.run {
            $0.recovery = recovery
        } set: { io in
            io.settles()
            io.onConnect { sockets.put($0) }
            io.onDisconnect { _, reason in ends.put(reason) }
            set(io)
        } _: {
            try await body($0)
        }
    }

    /// What the JavaScript client does when it comes back.
    func comeBack(_ server: SocketServer, _ client: RawClient, _ offset: String) async throws -> RawClient {
        let again = try await server.open()
        try await again.send(#"40{"pid":"\#(client.id("pid"))","offset":"\#(offset)","token":"x"}"#)
        return again
    }

    /// The last argument of an event.
    func offset(_ packet: String) throws -> String {
        let parts = packet.split(separator: "\"")
        return String(try #require(parts.dropLast().last, "\(packet)"))
    }

    func withoutOffset(_ packet: String) throws -> String {
        packet.replacing(",\"\(try self.offset(packet))\"", with: "")
    }

    /// A connected client and its first offset.
    func connect(_ server: SocketServer) async throws -> (RawClient, SocketIOSocket, String) {
        let client = try await server.connect()
        let first = try await client.take()
        #expect(first.hasPrefix(#"42["_o",""#))
        return (client, try await self.sockets.take(), try self.offset(first))
    }

    @Test("Cut off before the first event, a client misses nothing")
    func beforeTheFirstEvent() async throws {
        try await self.run { server in
            let (client, socket, offset) = try await self.connect(server)
            client.close()
            #expect(try await self.ends.take() == .transportClose)
            try server.io.emit("missed", 1)
            try server.io.to(socket.id).emit("missed", 2)
            try socket.emit("missed", 3)
            let again = try await self.comeBack(server, client, offset)
            let packets = try await again.take(4)
            #expect(try packets[..<3].map(self.withoutOffset) == (1...3).map { "42[\"missed\",\($0)]" })
            #expect(packets[3] == #"40{"sid":"\#(client.id())","pid":"\#(client.id("pid"))"}"#)
            let back = try await self.sockets.take()
            #expect(back.isRecovered && back.id == socket.id && back.auth == ["token": "x"])
            try server.io.emit("live")
            #expect(try await self.withoutOffset(again.take()) == #"42["live"]"#)
        }
    }

    @Test("Rooms and data come back, and of what was missed only what was for the client")
    func rooms() async throws {
        try await self.run { server in
            let (client, socket, _) = try await self.connect(server)
            socket.data = ["name": "ann"]
            socket.join("mine", "left")
            try server.io.to("mine").emit("seen")
            let offset = try await self.offset(client.take())
            try server.io.to("left").emit("lost on its way")
            socket.leave("left")
            try server.io.to("left").emit("not mine any more")
            _ = try await client.settle()
            client.close()
            _ = try await self.ends.take()
            try server.io.to("mine").emit("in my room")
            try server.io.to("other").emit("in another")
            try server.io.except("mine").emit("not for my room")
            try server.io.except(socket.id).emit("not for me")
            try server.io.volatile.emit("not kept")
            let again = try await self.comeBack(server, client, offset)
            let packets = try await again.take(3)
            #expect(try packets[..<2].map(self.withoutOffset) == [#"42["lost on its way"]"#, #"42["in my room"]"#])
            let back = try await self.sockets.take()
            #expect(back.rooms == ["mine"] && back.data == ["name": "ann"])
            try server.io.to("mine").emit("again")
            #expect(try await self.withoutOffset(again.take()) == #"42["again"]"#)
        }
    }

    @Test("A volatile event brings an offset, so what comes after it can be recovered")
    func afterAVolatileEvent() async throws {
        try await self.run { server in
            let (client, _, _) = try await self.connect(server)
            try server.io.emit("a")
            try server.io.volatile.emit("v", "a string at the end")
            let packets = try await client.take(2)
            #expect(try self.offset(packets[0]) == self.offset(packets[1]))
            client.close()
            _ = try await self.ends.take()
            try server.io.emit("b")
            let again = try await self.comeBack(server, client, self.offset(packets[1]))
            #expect(try await self.withoutOffset(again.take()) == #"42["b"]"#)
            #expect(try await again.take().hasPrefix("40"))
        }
    }

    @Test("A client may come back again and again, and while the server believes it is still there")
    func severalTimes() async throws {
        try await self.run { server in
            var (client, _, offset) = try await self.connect(server)
            let pid = client.id("pid")
            for round in 0..<4 {
                if round.isMultiple(of: 2) {
                    client.close()
                    _ = try await self.ends.take()
                }
                try server.io.emit("missed", round)
                let again = try await server.open()
                try await again.send(#"40{"pid":"\#(pid)","offset":"\#(offset)"}"#)
                let missed = try await again.take()
                #expect(try self.withoutOffset(missed) == "42[\"missed\",\(round)]")
                #expect(try await again.take().hasSuffix(#""pid":"\#(pid)"}"#))
                #expect(try await self.sockets.take().isRecovered)
                if !round.isMultiple(of: 2) { #expect(try await self.ends.take() == .transportClose) }
                offset = try self.offset(missed)
                client = again
            }
        }
    }

    @Test("Cut off again while it gets what it missed, a client gets the rest")
    func cutOffWhileCatchingUp() async throws {
        try await self.run { server in
            let (client, _, offset) = try await self.connect(server)
            let pid = client.id("pid")
            client.close()
            _ = try await self.ends.take()
            for number in 0..<3 { try server.io.emit("missed", number) }
            var last = offset
            for number in 0..<3 {
                let again = try await server.open()
                try await again.send(#"40{"pid":"\#(pid)","offset":"\#(last)"}"#)
                let packet = try await again.take()
                #expect(try self.withoutOffset(packet) == "42[\"missed\",\(number)]")
                last = try self.offset(packet)
                again.close()
                _ = try await self.ends.take()
            }
        }
    }

    @Test("Who comes back with what is not all there gets a new socket, and never a part")
    func notAllThere() async throws {
        try await self.run(configure: { $0.maximumEventCount = 2 }) { server in
            for case_ in 0..<4 {
                let (client, socket, offset) = try await self.connect(server)
                if case_ != 3 { try server.io.emit("got", 1) }
                client.close()
                _ = try await self.ends.take()
                if case_ == 0 { for number in 0..<3 { try server.io.emit("missed", number) } }
                let again = try await server.open()
                let pid = case_ == 1 ? String(repeating: "x", count: 20) : client.id("pid")
                let wrong = case_ == 2 ? "0-0" : offset
                try await again.send(#"40{"pid":"\#(pid)","offset":"\#(wrong)"}"#)
                let packet = try await again.take()
                let back = try await self.sockets.take()
                if case_ == 3 {
                    #expect(back.isRecovered)
                } else {
                    #expect(packet.hasPrefix("40{") && !packet.contains(socket.id))
                    #expect(!back.isRecovered && back.id != socket.id && back.rooms.isEmpty)
                }
                again.close()
                _ = try await self.ends.take()
            }
        }
    }

    @Test("An idle client can come back although events of others have pushed its offset out")
    func idle() async throws {
        try await self.run(configure: { $0.maximumEventCount = 2 }) { server in
            let (client, _, offset) = try await self.connect(server)
            for number in 0..<10 { try server.io.to("others").emit("n", number) }
            _ = try await client.settle()
            client.close()
            _ = try await self.ends.take()
            try server.io.emit("missed")
            let again = try await self.comeBack(server, client, offset)
            #expect(try await self.withoutOffset(again.take()) == #"42["missed"]"#)
        }
    }

    @Test("An offset of before joining a room shows nothing of that time")
    func forgedOffset() async throws {
        try await self.run { server in
            let (client, socket, offset) = try await self.connect(server)
            try server.io.to("secret").emit("before")
            _ = try await client.settle()
            socket.join("secret")
            try server.io.to("secret").emit("after")
            _ = try await client.take()
            client.close()
            _ = try await self.ends.take()
            let again = try await self.comeBack(server, client, offset)
            #expect(try await self.withoutOffset(again.take()) == #"42["after"]"#)
            #expect(try await again.take().hasPrefix("40"))
        }
    }

    @Test("Middleware decides about those who come back, too; who was disconnected on purpose can't")
    func refused() async throws {
        let isBanned = Mutex(false)
        try await self.run(set: { io in
            io.use { _ in if isBanned.withLock({ $0 }) { throw SocketIOConnectError("banned") } }
        }) { server in
            let (client, socket, offset) = try await self.connect(server)
            client.close()
            _ = try await self.ends.take()
            isBanned.withLock { $0 = true }
            let again = try await self.comeBack(server, client, offset)
            #expect(try await again.take() == #"44{"message":"banned"}"#)
            isBanned.withLock { $0 = false }
            let (other, otherSocket, otherOffset) = try await self.connect(server)
            otherSocket.disconnect()
            #expect(try await other.take() == "41")
            let back = try await self.comeBack(server, other, otherOffset)
            #expect(try await back.take().hasPrefix("40{"))
            #expect(try await !self.sockets.take().isRecovered)
            _ = socket
        }
    }

    @Test("While recovery is on, emits, acknowledgments and broadcasts keep their order")
    func order() async throws {
        try await self.run(set: { io in
            io.on("go") { (socket, number: Int) throws -> Int in
                try socket.emit("a", number)
                try io.emit("b", number)
                try socket.emitVolatile("c", number)
                return number
            }
        }) { server in
            let (client, _, _) = try await self.connect(server)
            for number in 0..<50 {
                try await client.send("42\(number)[\"go\",\(number)]")
            }
            for number in 0..<50 {
                let packets = try await client.take(4)
                #expect(try packets[..<3].map(self.withoutOffset) == ["a", "b", "c"].map { "42[\"\($0)\",\(number)]" })
                #expect(packets[3] == "43\(number)[\(number)]")
            }
        }
    }

    @Test("Events that go on while clients come and go: each once, in order, whatever the event loop")
    func churn() async throws {
        try await self.run { server in
            let (first, _, offset) = try await self.connect(server)
            let sending = Task {
                for number in 0..<2000 {
                    try server.io.emit("n", number)
                    if number % 20 == 0 { try await Task.sleep(for: .milliseconds(1)) }
                }
            }
            var client = first
            let pid = client.id("pid")
            var last = offset
            var next = 0
            while next < 2000 {
                let packet = try await client.take()
                if packet.hasPrefix("40") { continue }
                #expect(try self.withoutOffset(packet) == "42[\"n\",\(next)]")
                last = try self.offset(packet)
                next += 1
                if next % 150 == 0 {
                    client.close()
                    client = try await server.open()
                    try await client.send(#"40{"pid":"\#(pid)","offset":"\#(last)"}"#)
                }
            }
            try await sending.value
        }
    }
}
