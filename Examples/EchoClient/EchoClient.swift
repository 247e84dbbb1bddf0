// Sends its arguments to an echo server and prints what comes back:
//   swift run example-echo-client ws://127.0.0.1:8080/echo hello world
import WebSocketClient

@main
struct EchoClient {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let url = arguments.first else { return print("usage: example-echo-client URL MESSAGE …") }
        let words = arguments.dropFirst()
        do {
            try await WebSocketClient().withConnection(to: url) { connection in
                for word in words { try await connection.send(word) }
                var replies = connection.messages.makeAsyncIterator()
                for _ in words {
                    guard let reply = try await replies.next() else { return }
                    print(reply.text ?? "\(reply.bytes.readableBytes) bytes")
                }
                print("round trip:", try await connection.ping())
            }
        } catch let error as ConnectError {
            // A refusal carries what the server said.
            print(error, error.response?.headerFields ?? [:], String(buffer: error.body), separator: "\n")
        }
    }
}
