import EngineIOServer
import HTTPTypes
import NIOCore
import Testing
import WebSocketServer

/// Who may open a session, and from which pages.
@Suite(.timeLimit(.minutes(1))) struct AdmissionTests {
    private struct Broken: Error {}

    @Test("The application decides about handshakes of both transports, with words of its own")
    func authorize() async throws {
        let authorize: @Sendable (ServerRequest) async throws -> EngineIOAdmission = { request in
            switch request.cookies["user"] {
            case "friend": return .accept
            case "stranger": return .refuse(message: "who are you?")
            case nil: return .refuse
            default: throw Broken()
            }
        }
        try await TestServer.runEngine(authorize: authorize) { server in
            let requests = try await Requests.connect(server)
            _ = try await requests.open(["Cookie: user=friend"])
            let refused = try await requests.ask("GET", "transport=polling", ["Cookie: user=stranger"])
            #expect(refused.head.hasPrefix("HTTP/1.1 403 "))
            #expect(refused.body == #"{"code":4,"message":"who are you?"}"#)
            #expect(try await requests.ask("GET", "transport=polling").body == #"{"code":4,"message":"Forbidden"}"#)
            let broken = try await requests.ask("GET", "transport=polling", ["Cookie: user=other"])
            #expect(broken.head.hasPrefix("HTTP/1.1 500 "))
            let socket = try await RawSocket.connect(to: server.port)
            try await socket.send(RawSocket.handshake(path: "/engine.io/?EIO=4&transport=websocket"))
            #expect(try await socket.takeResponse().body == #"{"code":4,"message":"Forbidden"}"#)
            try await socket.send(
                RawSocket.handshake(path: "/engine.io/?EIO=4&transport=websocket", fields: ["Cookie: user=friend"]))
            #expect(try await socket.takeHead().hasPrefix("HTTP/1.1 101 "))
            #expect(try await socket.takePacket().hasPrefix("0{"))
        }
    }

    @Test("By default only our own pages may use the server, by polling as by WebSocket")
    func sameOrigin() async throws {
        try await TestServer.runEngine { server in
            let requests = try await Requests.connect(server)
            _ = try await requests.open(["Origin: http://localhost"])
            let other = try await requests.ask("GET", "transport=polling", ["Origin: http://elsewhere.example"])
            #expect(other.head.hasPrefix("HTTP/1.1 403 "))
            #expect(!other.head.lowercased().contains("access-control"))
            let socket = try await RawSocket.connect(to: server.port)
            try await socket.send(
                RawSocket.handshake(
                    path: "/engine.io/?EIO=4&transport=websocket", fields: ["Origin: http://elsewhere.example"]))
            #expect(try await socket.takeHead().hasPrefix("HTTP/1.1 403 "))
        }
    }

    @Test("Named origins may use the server with credentials: the origin is echoed, others get 403")
    func credentials() async throws {
        let friend = try #require(Origin("https://friend.example"))
        try await TestServer.runEngine(configure: { $0.cors = .allow([friend], credentials: true) }) { server in
            let requests = try await Requests.connect(server)
            let allowed = try await requests.ask("GET", "transport=polling", ["Origin: https://friend.example"])
            let head = allowed.head.lowercased()
            #expect(head.contains("access-control-allow-origin: https://friend.example\r\n"))
            #expect(head.contains("access-control-allow-credentials: true\r\n"))
            #expect(head.contains("vary: origin\r\n"))
            let refused = try await requests.ask("GET", "transport=polling", ["Origin: https://elsewhere.example"])
            #expect(refused.head.hasPrefix("HTTP/1.1 403 "))
            #expect(!refused.head.lowercased().contains("access-control-allow-origin"))
            let preflight = try await requests.ask(
                "OPTIONS", "transport=polling",
                ["Origin: https://friend.example", "Access-Control-Request-Headers: x-token"])
            #expect(preflight.head.hasPrefix("HTTP/1.1 204 "))
            #expect(preflight.head.lowercased().contains("access-control-allow-headers: x-token\r\n"))
            #expect(preflight.head.lowercased().contains("access-control-allow-credentials: true\r\n"))
        }
    }

    @Test("The cookie is set by the handshake over polling only")
    func cookie() async throws {
        try await TestServer.runEngine(configure: { $0.cookie = EngineIOCookie() }) { server in
            let requests = try await Requests.connect(server)
            let (head, body) = try await requests.ask("GET", "transport=polling")
            let id = String(try #require(body.split(separator: "\"").first { $0.utf8.count == 20 }))
            let lines = head.split(separator: "\r\n")
            #expect(
                lines.contains {
                    $0.lowercased().hasPrefix("set-cookie:") && $0.hasSuffix("io=\(id); Path=/; HttpOnly; SameSite=Lax")
                })
            let push = try await requests.ask("POST", "transport=polling&sid=\(id)", body: "4a")
            #expect(!push.head.lowercased().contains("set-cookie"))
        }
    }

    @Test("Transports and upgrades can be turned off")
    func transports() async throws {
        try await TestServer.runEngine(configure: { $0.transports = [.polling] }) { server in
            let (_, body) = try await Requests.connect(server).ask("GET", "transport=polling")
            #expect(body.contains(#""upgrades":[]"#))
            let socket = try await RawSocket.connect(to: server.port)
            try await socket.send(RawSocket.handshake(path: "/engine.io/?EIO=4&transport=websocket"))
            #expect(try await socket.takeResponse().body == #"{"code":0,"message":"Transport unknown"}"#)
        }
        try await TestServer.runEngine(configure: { $0.allowsUpgrades = false }) { server in
            let requests = try await Requests.connect(server)
            #expect(try await requests.ask("GET", "transport=polling").body.contains(#""upgrades":[]"#))
            let id = try await requests.open()
            let socket = try await RawSocket.connect(to: server.port)
            try await socket.send(RawSocket.handshake(path: "/engine.io/?EIO=4&transport=websocket&sid=\(id)"))
            #expect(try await socket.takeResponse().body == #"{"code":3,"message":"Bad request"}"#)
        }
    }
}
