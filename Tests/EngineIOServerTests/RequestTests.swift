import HTTPTypes
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import EngineIOServer
@testable import WebSocketServer

/// What is kept of requests, and what is not.
@Suite(.timeLimit(.minutes(1))) struct RequestTests {
    /// Exchanges that are looked at and not kept.
    private final class Watch: Sendable {
        private struct Weak: @unchecked Sendable {
            // Safety: the reference is only compared with nil.
            weak var exchange: HTTPExchange?
        }

        private let seen = NIOLockedValueBox<[Weak]>([])

        func put(_ exchange: HTTPExchange) { self.seen.withLockedValue { $0.append(Weak(exchange: exchange)) } }

        /// How many there were, and how many there still are.
        var counts: (all: Int, alive: Int) {
            self.seen.withLockedValue { seen in (seen.count, seen.count { $0.exchange != nil }) }
        }
    }

    @Test("A poll or a POST leaves nothing behind, be it answered at once or refused")
    func released() async throws {
        let watch = Watch()
        let engine = EngineIOServer { $0.echo() }
        try await TestServer.run(routes: { server in
            let entrance = EngineIOEntrance(
                core: EngineIOCore(engine, logger: TestServer.quiet), eventLoops: server.eventLoops)
            server.exchanges(below: "/engine.io/") { exchange in
                watch.put(exchange)
                entrance.serve(exchange)
            }
        }) { server in
            // On the event loops of their sessions, and on others.
            for _ in 0..<4 {
                let requests = try await Requests.connect(server)
                let id = try await requests.open()
                let unknown = id.dropLast() + (id.hasSuffix("A") ? "B" : "A")
                for _ in 0..<20 {
                    #expect(try await requests.push(id, "4hello") == "ok")
                    #expect(try await requests.poll(id) == "4hello")
                    #expect(try await requests.poll(String(unknown)).contains("Session ID unknown"))
                }
                for _ in 0..<20 {
                    // A refusal before the body is there closes the connection.
                    #expect(
                        try await Requests.connect(server).push(String(unknown), "4x").contains("Session ID unknown"))
                }
            }
            let deadline = ContinuousClock.now + .seconds(10)
            while watch.counts.alive > 0, ContinuousClock.now < deadline { await Task.yield() }
        }
        #expect(watch.counts.all == 4 * (1 + 20 * 4))
        #expect(watch.counts.alive == 0)
    }

    @Test("A session keeps its handshake request, field for field")
    func handshake() async throws {
        let sessions = Mailbox<EngineIOSession>()
        try await TestServer.runEngine(onSession: { sessions.put($0) }) { server in
            _ = try await Requests.connect(server).open([
                "Cookie: a=1; b=2", "X-Twice: one", "x-twice: two", "X-Empty:", "X-Text: \u{E9}\u{1F980}",
                "User-Agent: \(String(repeating: "long ", count: 100))end",
            ])
            let request = try await sessions.take().request
            #expect(request.head.method == .get)
            #expect(request.head.scheme == "http")
            #expect(request.head.authority == "localhost")
            #expect(request.path == "/engine.io/")
            #expect(request.query == "EIO=4&transport=polling")
            #expect(request.cookies == ["a": "1", "b": "2"])
            let twice = try #require(HTTPField.Name("x-twice"))
            #expect(request.head.headerFields[fields: twice].map(\.name.rawName) == ["X-Twice", "x-twice"])
            #expect(request.head.headerFields[values: twice] == ["one", "two"])
            #expect(request.head.headerFields[try #require(HTTPField.Name("X-Empty"))] == "")
            #expect(request.head.headerFields[try #require(HTTPField.Name("X-Text"))] == "\u{E9}\u{1F980}")
            #expect(request.head.headerFields[.userAgent]?.utf8.count == 503)
            #expect(request.remoteAddress?.ipAddress == "127.0.0.1" && !request.isSecure)
            #expect(request.httpVersion == .http11)
            #expect(request.head.extendedConnectProtocol == nil)
        }
    }

    @Test("A stored request is the request, of whatever form")
    func stored() throws {
        var head = HTTPRequest(method: .connect, scheme: "https", authority: "h", path: "/x?y")
        head.extendedConnectProtocol = "websocket"
        head.headerFields = [.origin: "https://o", .cookie: ""]
        let bytes: [UInt8] = [0x61, 0xFF, 0x80, 0x62]
        head.headerFields.append(HTTPField(name: .accept, lenientValue: bytes))
        for head in [head, HTTPRequest(method: .get, scheme: nil, authority: nil, path: nil)] {
            let request = ServerRequest(
                head: head, body: ByteBuffer(), peer: PeerInformation(isSecure: true), httpVersion: .http2)
            let again = StoredRequest(request).request
            #expect(again.head == head)
            #expect(again.isSecure && again.httpVersion == .http2)
        }
    }
}
