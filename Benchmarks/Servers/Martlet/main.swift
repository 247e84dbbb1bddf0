import Logging
import NIOPosix
import NIOSSL
import SocketIOServer
import WebSocketServer

// usage: martlet-server callback|async|socketio PORT [deflate | tls CERTIFICATE KEY]
let arguments = CommandLine.arguments
guard arguments.count >= 3, ["callback", "async", "socketio"].contains(arguments[1]), let port = Int(arguments[2])
else {
    fatalError("usage: martlet-server callback|async|socketio PORT [deflate | tls CERTIFICATE KEY]")
}

var configuration = ServerConfiguration(port: port)
configuration.backlog = 4096
configuration.connection.limits.maximumMessageByteCount = 16 << 20
configuration.connection.limits.maximumFrameByteCount = 16 << 20
let option = arguments.dropFirst(3).first
if option == "deflate" { configuration.connection.compression = CompressionConfiguration() }
if option == "tls", arguments.count == 6 {
    let chain = try NIOSSLCertificate.fromPEMFile(arguments[4])
    let key = try NIOSSLPrivateKey(file: arguments[5], format: .pem)
    configuration.tls = .makeServerConfiguration(
        certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
}
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
