// A client for the chat of Socket.IO: example-socket-io-client http://127.0.0.1:8080 ann
import SocketIOClient

@main
struct ChatClient {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else { return print("usage: example-socket-io-client URL NAME") }
        let name = arguments[2]
        let client = SocketIOClient(to: arguments[1])
        let chat = client.socket("/chat") { ["name": .string(name)] }
        chat.onConnect { isRecovered in print(isRecovered ? "back again" : "connected") }
        chat.onConnectError { error in print("refused: \(error.message)") }
        chat.on("joined") { (room: String, who: String) in print("\(who) is in \(room)") }
        chat.on("said") { (room: String, who: String, text: String) in print("\(who) in \(room): \(text)") }
        try await client.withConnection {
            let rooms: [String] = try await chat.emitWithAck("join", "lobby")
            print("in \(rooms.joined(separator: ", "))")
            while let line = readLine() { try await chat.emit("say", "lobby", line) }
        }
    }
}
