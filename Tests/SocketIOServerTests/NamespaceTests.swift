import SocketIOServer
import Testing

@Suite(.timeLimit(.minutes(1))) struct NamespaceTests {
    @Test("The client is told of its connection before anything that the connect handler sends")
    func connectOrder() async throws {
        try await SocketServer.run { io in
            io.onConnect { socket in try? socket.emit("hello", socket.auth) }
            io.of("chat").onConnect { socket async in try? socket.emit("hello", socket.namespace.name) }
        } _: { server in
            let client = try await server.connect(auth: #"{"token":1}"#)
            #expect(try await client.take() == #"42["hello",{"token":1}]"#)
            #expect(client.id().count == 20)
            try await client.connect("/chat")
            #expect(try await client.take() == #"42/chat,["hello","/chat"]"#)
        }
    }

    @Test("Middleware refuses with message and data, and says nothing of other errors")
    func middleware() async throws {
        struct Internal: Error {}
        try await SocketServer.run { io in
            io.settles()
            io.use { socket in
                guard socket.auth?["token"]?.string == "right" else {
                    throw SocketIOConnectError("not authorized", data: ["retry": false])
                }
                socket.data = ["user": "ann"]
            }
            io.use { socket in if socket.auth?["fail"] != nil { throw Internal() } }
            io.onConnect { socket in try? socket.emit("data", socket.data) }
        } _: { server in
            let client = try await server.open()
            try await client.send("40")
            #expect(try await client.take() == #"44{"message":"not authorized","data":{"retry":false}}"#)
            try await client.send(#"40{"token":"right","fail":1}"#)
            #expect(try await client.take() == #"44{"message":"The server failed"}"#)
            try await client.connect(auth: #"{"token":"right"}"#)
            #expect(try await client.take() == #"42["data",{"user":"ann"}]"#)
        }
    }

    @Test("A namespace that nobody has is refused; one that a pattern matches exists while somebody is in it")
    func dynamic() async throws {
        try await SocketServer.run { io in
            let tenants = io.of { $0.hasPrefix("/tenant-") }
            tenants.on("who") { socket in socket.namespace.name }
            tenants.on("count") { _ in tenants.namespaces.count }
        } _: { server in
            let client = try await server.open()
            try await client.send("40/other,")
            #expect(try await client.take() == #"44/other,{"message":"Invalid namespace"}"#)
            try await client.connect("/tenant-1")
            try await client.connect("/tenant-2")
            try await client.send(#"42/tenant-2,1["who"]"#, #"42/tenant-1,2["count"]"#)
            #expect(try await client.take(2) == [#"43/tenant-2,1["/tenant-2"]"#, "43/tenant-1,2[2]"])
            try await client.send("41/tenant-2,", #"42/tenant-1,3["count"]"#)
            #expect(try await client.take() == "43/tenant-1,3[1]")
        }
    }

    @Test("Joining twice, and joining too many namespaces, ends the session")
    func limits() async throws {
        try await SocketServer.run {
            $0.maximumNamespacesPerSession = 2
        } set: { io in
            for name in ["a", "b", "c"] { _ = io.of(name) }
        } _: { server in
            let twice = try await server.connect("/a")
            try await twice.send("40/a,")
            try await twice.mustClose()
            let many = try await server.connect("/a")
            try await many.connect("/b")
            try await many.send("40/c,")
            try await many.mustClose()
        }
    }

    @Test("A session that joins no namespace in time is closed; one that does is not")
    func connectTimeout() async throws {
        try await SocketServer.run {
            $0.connectTimeout = .seconds(3)
        } set: {
            $0.settles()
        } _: { server in
            let joined = try await server.connect()
            let idle = try await server.open()
            try await idle.mustClose()
            #expect(try await joined.settle().isEmpty)
        }
    }

    @Test("Either side disconnects from a namespace, or from all")
    func disconnecting() async throws {
        let reasons = Mailbox<String>()
        try await SocketServer.run { io in
            for name in ["/", "/chat"] {
                io.of(name).onDisconnect { socket, reason in
                    reasons.put("\(socket.namespace.name) \(reason) \(socket.rooms.sorted()) \(socket.isConnected)")
                }
                io.of(name).on("leave") { (socket, all: Bool) in socket.disconnect(closingSession: all) }
                io.of(name).onConnect { socket in socket.join("room") }
            }
            io.settles()
        } _: { server in
            let client = try await server.connect("/chat")
            try await client.connect()
            try await client.send(#"42/chat,["leave",false]"#)
            #expect(try await client.take() == "41/chat,")
            #expect(try await reasons.take() == #"/chat server namespace disconnect ["room"] false"#)
            // On its way when the server disconnected: no reason to end the session.
            try await client.send(#"42/chat,["leave",false]"#)
            #expect(try await client.settle().isEmpty)
            try await client.connect("/chat")
            try await client.send("41/chat,")
            #expect(try await reasons.take() == #"/chat client namespace disconnect ["room"] false"#)
            try await client.connect("/chat")
            try await client.send(#"42["leave",true]"#)
            #expect(try await client.take() == "41")
            try await client.mustClose()
            #expect(try await reasons.take() == #"/ server namespace disconnect ["room"] false"#)
            #expect(try await reasons.take() == #"/chat forced server close ["room"] false"#)
        }
    }

    @Test("The end of a session is the end of its sockets, with the same reason")
    func reasons() async throws {
        let reasons = Mailbox<SocketIODisconnectReason>()
        try await SocketServer.run {
            $0.engine.pingInterval = .milliseconds(500)
            $0.engine.pingTimeout = .seconds(3)
        } set: { io in
            io.onDisconnect { _, reason async in reasons.put(reason) }
        } _: { server in
            let first = try await server.connect()
            first.close()
            #expect(try await reasons.take() == .transportClose)
            let second = try await server.connect()
            try await second.send("1")
            #expect(try await reasons.take() == .forcedClose)
            let third = try await server.connect()
            try await third.send("4nonsense")
            #expect(try await reasons.take() == .parseError)
            _ = try await server.connect()
            #expect(try await reasons.take() == .pingTimeout)
        }
    }

    @Test("Packets that come late for a namespace are passed over, however many the client has left before")
    func latePackets() async throws {
        try await SocketServer.run {
            $0.maximumNamespacesPerSession = 2
        } set: { io in
            io.settles()
            for name in ["/a", "/b", "/c"] { _ = io.of(name) }
        } _: { server in
            let client = try await server.connect()
            for name in ["/a", "/b", "/c"] {
                try await client.send("40\(name),")
                #expect(try await client.take().hasPrefix("40\(name),"))
                try await client.send("41\(name),")
            }
            try await client.send(#"42/c,["late"]"#, #"42/b,["late"]"#)
            #expect(try await client.settle().isEmpty)
        }
    }
}
