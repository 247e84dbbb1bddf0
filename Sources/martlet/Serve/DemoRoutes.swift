internal import HTTPTypes
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol
internal import WebSocketServer

/// What `martlet serve` serves.
enum DemoRoutes {
    static func add(to server: inout WebSocketServer, origins: Set<Origin>) {
        let page = ServerResponse(
            headerFields: [
                .contentType: "text/html; charset=utf-8",
                .contentSecurityPolicy:
                    "default-src 'none'; style-src 'unsafe-inline'; script-src 'self' 'unsafe-inline'; "
                    + "connect-src 'self' ws: wss:; img-src data:",
                .cacheControl: "no-cache",
            ],
            body: ByteBuffer(bytes: PackageResources.index_html)
        )
        server.http("/") { request in
            guard request.head.method == .get || request.head.method == .head else {
                return ServerResponse(status: .methodNotAllowed, headerFields: [.allow: "GET, HEAD"])
            }
            return page
        }
        server.http("/engine.io.js") { _ in
            ServerResponse(
                headerFields: [.contentType: "text/javascript; charset=utf-8", .cacheControl: "no-cache"],
                body: ByteBuffer(bytes: PackageResources.engine_io_js)
            )
        }
        server.http("/healthz") { _ in ServerResponse(text: "ok\n") }
        // What is believed of proxies shows here.
        server.http("/whoami") { request in
            ServerResponse(
                text: "\(request.remoteAddress?.ipAddress ?? "unix") \(request.isSecure ? "https" : "http")\n")
        }
        server.webSocket("/echo") { (connection: WebSocketConnection) in
            for try await message in connection.messages { try await connection.send(message) }
        }
        SocketIODemo.add(to: &server, origins: origins)
        let chat = ChatRoom()
        server.webSocket("/chat") { connection in try await chat.join(connection) }
    }
}
