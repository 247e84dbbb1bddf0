import Testing
import WebSocketServer

@testable import WebSocketClient

@Suite("What a client knows of servers (RFC 8441)")
struct HTTP2PoolTests {
    @Test("That a server has no WebSocket over HTTP/2 is believed for a while", .requirement(241))
    func memory() throws {
        let pool = HTTP2Pool()
        let request = HandshakeRequest(url: try WebSocketURL("wss://a.example/"), configuration: ClientConfiguration())
        let other = HandshakeRequest(url: try WebSocketURL("wss://b.example/"), configuration: ClientConfiguration())
        let now = DeadlineWheel.now()
        #expect(!pool.lacksWebSocket(request, now: now))
        pool.rememberLack(request, now: now)
        #expect(pool.lacksWebSocket(request, now: now.advanced(by: HTTP2Pool.memory - .milliseconds(1))))
        #expect(!pool.lacksWebSocket(other, now: now))
        #expect(!pool.lacksWebSocket(request, now: now.advanced(by: HTTP2Pool.memory)))
    }
}
