import Logging
import NIOPosix
import SocketIOServer
import WebSocketServer

// usage: martlet-server callback|async|socketio PORT [deflate]
let arguments = CommandLine.arguments
guard arguments.count >= 3, ["callback", "async", "socketio"].contains(arguments[1]), let port = Int(arguments[2]) else {
    fatalError("usage: martlet-server callback|async|socketio PORT [deflate]")
}

var configuration = ServerConfiguration(port: port)
configuration.backlog = 4096
configuration.connection.limits.maximumMessageByteCount = 16 << 20
configuration.connection.limits.maximumFrameByteCount = 16 << 20
if arguments.dropFirst(3).first == "deflate" { configuration.connection.compression = CompressionConfiguration() }
var server = WebSocketServer(
    configuration: configuration,
    eventLoopGroup: MultiThreadedEventLoopGroup(numberOfThreads: 1)
)
if arguments[1] == "callback" {
    server.webSocket("/") { connection in
        connection.onMessage { connection, message in connection.sendNow(message) }
    }
} else if arguments[1] == "socketio" {
    let io = SocketIOServer()
    io.onEvent("message") { _, event in try io.everybody.emit("message", arguments: event.arguments) }
    io.onEvent("echo") { socket, event in try socket.emit("echo", arguments: event.arguments) }
    io.mount(on: &server)
} else {
    server.webSocket("/") { connection in
        for try await message in connection.messages { try await connection.send(message) }
    }
}
try await server.run()
