import NIOCore
import NIOPosix
import Testing

@testable import WebSocketClient

@Suite("The end of opening a connection (§4.1)", .timeLimit(.minutes(1)))
struct DialGuardTests {
    private let eventLoop = MultiThreadedEventLoopGroup.singleton.next()

    @Test("It does not wait for a name or for TCP, and closes what comes after it", .requirement(21, 162))
    func late() async throws {
        let connecting = self.eventLoop.makePromise(of: (any Channel).self)
        let watch = DialGuard()
        let first = watch.race(connecting.futureResult)
        watch.end(.cancelled)
        await #expect(throws: CancellationError.self) { try await first.get() }
        let channel = try await DatagramBootstrap(group: self.eventLoop).bind(host: "127.0.0.1", port: 0).get()
        connecting.succeed(channel)
        try await channel.closeFuture.get()
    }

    @Test("In time there is a channel, and the end is the end of that", .requirement(21, 162))
    func inTime() async throws {
        let channel = try await DatagramBootstrap(group: self.eventLoop).bind(host: "127.0.0.1", port: 0).get()
        let watch = DialGuard()
        #expect(try await watch.race(self.eventLoop.makeSucceededFuture(channel)).get() === channel)
        #expect(watch.cause == nil)
        watch.end(.timedOut)
        #expect(watch.cause == .timedOut)
        try await channel.closeFuture.get()
        #expect(!watch.finish())
    }
}
