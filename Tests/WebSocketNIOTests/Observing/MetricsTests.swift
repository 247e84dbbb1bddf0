import Metrics
import MetricsTestKit
import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("Metrics of the connections of a loop", .timeLimit(.minutes(1)))
struct MetricsTests {
    @Test("Connections, messages, bytes and closes are counted by role, once a second", .requirement(299))
    func counts() throws {
        let metrics = TestMetrics()
        try withMetricsFactory(metrics) {
            let wire = try Wire(.server)
            let connection = wire.connection
            let incoming = [
                RawFrame.text("Hello"), .binary([1, 2], isFinal: false), .continuation([], isFinal: true), .ping(),
            ]
            for frame in incoming { try wire.receive(frame) }
            let send = wire.start { try await connection.send("reply") }
            let stream = wire.start { try await connection.stream(.text) { try await $0.write("piece") } }
            #expect(send.value != nil && stream.value != nil)
            wire.advance(by: .milliseconds(1100))

            let role = ("role", "server")
            #expect(try metrics.expectCounter("websocket_connections_total", [role]).totalValue == 1)
            #expect(try metrics.expectMeter("websocket_connections", [role]).values == [1])
            let received = [role, ("direction", "received")]
            let sent = [role, ("direction", "sent")]
            #expect(try metrics.expectCounter("websocket_messages_total", received).totalValue == 2)
            #expect(try metrics.expectCounter("websocket_messages_total", sent).totalValue == 2)
            let incomingByteCount = incoming.reduce(0) { $0 + $1.masked().bytes.count }
            #expect(try metrics.expectCounter("websocket_bytes_total", received).totalValue == Int64(incomingByteCount))
            let outgoing = try wire.takeFrames()
            let outgoingByteCount = outgoing.reduce(0) { $0 + $1.bytes.count }
            #expect(try metrics.expectCounter("websocket_bytes_total", sent).totalValue == Int64(outgoingByteCount))
            #expect(try metrics.expectMeter("websocket_receive_queue_depth", [role]).lastValue == 2)

            try wire.receive(.close(4321))
            wire.dropTransport()
            wire.advance(by: .milliseconds(1100))
            #expect(try metrics.expectMeter("websocket_connections", [role]).lastValue == 0)
            #expect(try metrics.expectCounter("websocket_closes_total", [role, ("code", "4xxx")]).totalValue == 1)
        }
    }

    @Test("The messages that nobody took leave the queue with their connection", .requirement(299))
    func queueOfClosedConnection() throws {
        let metrics = TestMetrics()
        try withMetricsFactory(metrics) {
            let wire = try Wire(.server)
            try wire.receive(.text("1"), .text("2"), .text("3"))
            let connection = wire.connection
            let first = wire.start {
                for try await message in connection.messages { return message.text }
                return nil
            }
            #expect(first.value == "1")
            wire.advance(by: .seconds(2))
            let depth = try metrics.expectMeter("websocket_receive_queue_depth", [("role", "server")])
            #expect(depth.lastValue == 2)
            wire.dropTransport()
            wire.advance(by: .seconds(2))
            #expect(depth.lastValue == 0)
            // They can still be taken, which must not count twice.
            let rest = wire.start { for try await _ in connection.messages {} }
            #expect(rest.error is ConnectionClosedError)
            wire.advance(by: .seconds(2))
            #expect(depth.lastValue == 0)
        }
    }

    @Test("The way of a keep-alive ping there and back is recorded", .requirement(290, 299))
    func pingRoundTrip() throws {
        let metrics = TestMetrics()
        try withMetricsFactory(metrics) {
            let wire = try Wire(.client) { $0.keepAlive = .init(pingInterval: .seconds(10)) }
            wire.advance(by: .seconds(11))
            let ping = try wire.takeFrames().last
            try wire.receive(.pong(try #require(ping).payload))
            let timer = try metrics.expectTimer("websocket_ping_round_trip", [("role", "client")])
            #expect(timer.values.count == 1)
        }
    }

    @Test("Peers can't make up series of their own", .requirement(299))
    func boundedDimensions() throws {
        let metrics = TestMetrics()
        try withMetricsFactory(metrics) {
            let wire = try Wire(.server)
            for code in [3000, 3500, 3999, 4000, 4999, 1000, 1001] as [UInt16] {
                let other = try wire.sibling(.server)
                try other.receive(.close(code))
                other.dropTransport()
            }
            wire.advance(by: .seconds(2))
            let codes = metrics.counters.filter { $0.label == "websocket_closes_total" }.compactMap {
                $0.dimensions.first { $0.0 == "code" }?.1
            }
            #expect(Set(codes) == ["1000", "1001", "3xxx", "4xxx"])
        }
    }
}
