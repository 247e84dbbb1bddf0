// A chat for the clients of Socket.IO: names are checked when connecting, rooms are joined by an event.
import Logging
import ServiceLifecycle
import SocketIOServer

@main
struct SocketIOChat {
    static func main() async throws {
        let io = SocketIOServer()
        let chat = io.of("/chat")
        chat.use { socket in
            guard let name = socket.auth?["name"]?.string, !name.isEmpty else {
                throw SocketIOConnectError("tell your name", data: ["field": "name"])
            }
            socket.data = .string(name)
        }
        chat.on("join") { (socket, room: String) -> [String] in
            socket.join(room)
            try socket.to(room).emit("joined", room, socket.data)
            return socket.rooms.sorted()
        }
        chat.on("say") { (socket, room: String, text: String) in
            guard socket.rooms.contains(room) else { return }
            try chat.to(room).emit("said", room, socket.data, text)
        }
        var server = WebSocketServer(configuration: ServerConfiguration(port: 8080))
        io.mount(on: &server)
        let logger = Logger(label: "chat")
        try await ServiceGroup(services: [server], gracefulShutdownSignals: [.sigint, .sigterm], logger: logger).run()
    }
}
