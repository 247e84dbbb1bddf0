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

    @Test("A page of another origin can read each answer, also those that the session has no part in")
    func corsOfRefusals() async throws {
        let gate = Gate()
        let authorize: @Sendable (ServerRequest) async throws -> EngineIOAdmission = { request in
            switch request.cookies["user"] {
            case "broken": throw Broken()
            case "slow": await gate.wait()
            default: break
            }
            return .accept
        }
        let friend = try #require(Origin("https://friend.example"))
        try await TestServer.runEngine(
            configure: {
                $0.cors = .allow([friend])
                $0.maximumPayloadByteCount = 10
                $0.pingInterval = .seconds(1)
                $0.pingTimeout = .seconds(1)
            },
            server: {
                $0.http.requestTimeout = .seconds(1)
                $0.http.responseTimeout = .seconds(1)
            },
            authorize: authorize
        ) { server in
            let ids = [try await Requests.connect(server).open(), try await Requests.connect(server).open()]
            for (status, fields, query) in [
                (413, ["Content-Length: 11"], "transport=polling&sid=\(ids[0])"),
                (408, ["Content-Length: 9"], "transport=polling&sid=\(ids[1])"),
                (500, ["Cookie: user=broken"], "transport=polling"),
                (503, ["Cookie: user=slow"], "transport=polling"),
            ] {
                let request = try await Requests.connect(server)
                let method = query.contains("sid") ? "POST" : "GET"
                try await request.start(method, query, fields + ["Origin: https://friend.example"])
                if status == 413 { try await request.socket.send("4aaaaaaaaaa") }
                let head = try await request.socket.takeResponse().head
                #expect(head.hasPrefix("HTTP/1.1 \(status) "))
                #expect(
                    head.lowercased().contains("access-control-allow-origin: https://friend.example\r\n"), "\(head)")
            }
            gate.open()
        }
    }

    @Test("Sessions of one address are limited, and a place is free again when one ends")
    func sessionsPerAddress() async throws {
        try await TestServer.runEngine(
            configure: { $0.maximumSessionsPerAddress = 2 },
            server: {
                $0.trustedProxies = TrustedProxies(["127.0.0.1/32"])
                $0.trustedProxies.sendProxyProtocol = true
            }
        ) { server in
            func connect(_ address: String) async throws -> Requests {
                let requests = try await Requests.connect(server)
                try await requests.socket.send("PROXY TCP4 \(address) 10.0.0.1 12345 80\r\n")
                return requests
            }
            let requests = try await connect("192.0.2.9")
            let first = try await requests.open()
            _ = try await requests.open()
            let refused = try await requests.ask("GET", "transport=polling")
            #expect(refused.head.hasPrefix("HTTP/1.1 503 "))
            #expect(refused.body == #"{"code":3,"message":"Too many sessions"}"#)
            _ = try await connect("192.0.2.10").open()
            #expect(try await requests.push(first, "1") == "ok")
            _ = try await requests.open()
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
