// An echo server on SwiftNIO's own WebSocket pipeline, as a careful user writes it: HTTP/1.1 upgrade, frame decoder and
// encoder, one handler. One event loop. Usage: nio-websocket-server PORT

import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

guard CommandLine.arguments.count == 2, let port = Int(CommandLine.arguments[1]) else {
    fatalError("usage: nio-websocket-server PORT")
}

let upgrader = NIOWebSocketServerUpgrader(
    maxFrameSize: 16 << 20,
    shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(HTTPHeaders()) },
    upgradePipelineHandler: { channel, _ in
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(EchoHandler())
        }
    }
)

let server = try ServerBootstrap(group: MultiThreadedEventLoopGroup(numberOfThreads: 1))
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .serverChannelOption(.backlog, value: 1024)
    .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in })
            )
        }
    }
    .bind(host: "127.0.0.1", port: port)
    .wait()

try server.closeFuture.wait()
