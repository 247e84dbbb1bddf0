import NIOCore
import Testing

@testable import EngineIOServer
@testable import SocketIOServer

@Suite(.timeLimit(.minutes(1))) struct BackPressureTests {
    @Test("A session is not read until none of its namespaces has too many events waiting")
    func severalNamespaces() async throws {
        let gates = ["/": Gate(), "/b": Gate()]
        let seen = Mailbox<String>()
        let sockets = Mailbox<SocketIOSocket>()
        try await SocketServer.run {
            $0.maximumWaitingEvents = 4
        } set: { io in
            for (name, gate) in gates {
                io.of(name).onConnect { sockets.put($0) }
                io.of(name).on("work") { (_, _: Int) async in
                    await gate.wait()
                    seen.put(name)
                }
            }
        } _: { server in
            let session = try await PollingClient.open(server)
            _ = try await session.push("40\u{1E}40/b,")
            let engine = try await sockets.take().connection.session
            let isPaused = { @Sendable in try await engine.eventLoop.submit { engine.receiving.isPaused }.get() }
            let events = ["", "/b,"].flatMap { name in (0..<6).map { "42\(name)[\"work\",\($0)]" } }
            _ = try await session.push(events.joined(separator: "\u{1E}"), isAnswered: false)
            while try await !isPaused() { await Task.yield() }
            for name in ["/", "/b"] {
                #expect(try await isPaused())
                gates[name]?.open()
                for _ in 0..<6 { #expect(try await seen.take() == name) }
            }
            #expect(try await !isPaused())
            #expect(try await session.takeAnswer() == "ok")
        }
    }
}
