internal import EngineIOServer
internal import SocketIOServer
internal import WebSocketProtocol
internal import WebSocketServer

/// What `martlet serve` has on `/socket.io/` and `/engine.io/`.
enum SocketIODemo {
    /// - Parameter origins: of pages that may open WebSockets, and so may poll; empty for our own pages.
    static func add(to server: inout WebSocketServer, origins: Set<Origin>) {
        var engine = EngineIOConfiguration()
        if !origins.isEmpty { engine.cors = .allow(origins) }
        EngineIOServer(configuration: engine) { session in
            session.onMessage { session, message in session.send(message) }
        }.mount("/engine.io/", on: &server)

        var configuration = SocketIOConfiguration()
        configuration.engine = engine
        let io = SocketIOServer(configuration: configuration)
        for namespace in [io.of("/"), io.of("/echo")] { self.echo(namespace) }
        self.chat(io.of("/chat", recovery: SocketIORecovery()))
        io.mount(on: &server)
    }

    /// What comes goes back; a question is asked back.
    private static func echo(_ namespace: SocketIONamespace) {
        namespace.onEvent("message") { socket, event in
            try socket.emit("message-back", arguments: event.arguments)
            try event.acknowledgment?.send(arguments: event.arguments)
        }
        namespace.on("ask-me") { (socket, question: SocketIOValue) -> SocketIOValue in
            try await socket.emitWithAck("question", question)
        }
    }

    /// Everybody hears what anybody says, in the whole namespace or in a room.
    private static func chat(_ namespace: SocketIONamespace) {
        namespace.on("join") { (socket, room: String) -> [String] in
            socket.join(room)
            return socket.rooms.sorted()
        }
        namespace.on("leave") { (socket, room: String) in socket.leave(room) }
        namespace.on("message") { (socket, message: SocketIOValue, room: String?) in
            try (room.map { namespace.to($0) } ?? namespace.everybody).emit("message", message, socket.id)
        }
        // For what is worth nothing later, such as who is typing.
        namespace.on("volatile") { (socket, message: SocketIOValue, room: String) in
            try namespace.to(room).volatile.emit("volatile", message, socket.id)
        }
    }
}
