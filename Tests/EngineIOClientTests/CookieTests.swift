import EngineIOServer
import HTTPTypes
import Testing

@testable import EngineIOClient

@Suite(.timeLimit(.minutes(1))) struct CookieTests {
    @Test(
        "What a server sets is sent back; the last value of a name counts, and Max-Age of nothing removes it",
        arguments: [
            (["node=a"], "node=a"),
            (["node=a; Path=/; HttpOnly; SameSite=Lax"], "node=a"),
            ([" node = a=b ; Max-Age=60"], "node=a=b"),
            (["node=a", "route=\"1\""], "node=a; route=\"1\""),
            (["node=a", "route=1", "node=b"], "node=b; route=1"),
            (["node="], "node="),
            (["node=a", "node=; max-age=0"], nil),
            (["node=a", "node=; Max-Age=-1"], nil),
            (["node", "=a", "", ";node=a"], nil),
            (["node=\(String(repeating: "a", count: 4093))"], nil),
        ] as [([String], String?)])
    func jar(fields: [String], cookie: String?) {
        let jar = CookieJar()
        for field in fields { jar.received(field) }
        #expect(jar.added(to: [:])[.cookie] == cookie)
    }

    @Test("Cookies stand behind those of the configuration, and there is a most of them")
    func bounds() {
        let jar = CookieJar()
        for number in 0..<60 { jar.received("n\(number)=1") }
        let fields = jar.added(to: [.cookie: "own=1", .authorization: "Bearer x"])
        #expect(fields[values: .cookie].count == 1)
        #expect(fields[.cookie]?.hasPrefix("own=1; n0=1; ") == true)
        #expect(fields[.cookie]?.split(separator: ";").count == 51)
        #expect(fields[.authorization] == "Bearer x")
    }

    @Test("The cookie of a handshake comes back with each poll, each POST and the request for a WebSocket")
    func requests() async throws {
        let (polls, posts, upgrades) = (Mailbox<String?>(), Mailbox<String?>(), Mailbox<String?>())
        let gate = Gate()
        try await TestServer.run(routes: { server in
            server.http("/engine.io/") { request in
                let cookie = request.head.headerFields[.cookie]
                guard request.query?.contains("sid") == true else {
                    return ServerResponse(
                        headerFields: [.setCookie: "node=a; Path=/; HttpOnly"],
                        text: #"0{"sid":"s","upgrades":["websocket"],"pingInterval":60000,"pingTimeout":1000}"#)
                }
                guard request.head.method == .get else {
                    posts.put(cookie)
                    return ServerResponse(text: "ok")
                }
                polls.put(cookie)
                await gate.wait()
                return ServerResponse(text: "6")
            }
            server.webSocket(
                "/engine.io/",
                upgrade: { request in
                    upgrades.put(request.head.headerFields[.cookie])
                    return .refuse(ServerResponse(status: .forbidden))
                }
            ) { (_: WebSocketConnection) async throws in }
        }) { server in
            defer { gate.open() }
            let client = EngineServer.client { $0.headerFields[.cookie] = "own=1" }
            try await client.withSession(to: server.url("/engine.io/", scheme: "http")) { session in
                try await session.send("in")
                #expect(try await polls.take() == "own=1; node=a")
                #expect(try await posts.take() == "own=1; node=a")
                #expect(try await upgrades.take() == "own=1; node=a")
                // The probe was refused.
                #expect(session.transport == .polling)
            }
        }
    }
}
