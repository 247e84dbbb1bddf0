import Testing
import WebSocketProtocol

@testable import WebSocketServer

@Suite("How many connections are let in")
struct ConnectionQuotaTests {
    @Test("So many in all, so many from one address; what is released makes room", .requirement(292))
    func counts() {
        let quota = ConnectionQuota(maximumTotal: 5, maximumPerAddress: 2)
        #expect(quota.admit("a") && quota.admit("a"))
        #expect(!quota.admit("a"))
        #expect(quota.admit("b") && quota.admit(nil) && quota.admit(nil))
        #expect(!quota.admit("c") && !quota.admit(nil))
        quota.release("a")
        #expect(quota.admit("a"))
        #expect(!quota.admit("b"), "all places are taken")
        quota.release(nil)
        #expect(quota.admit("b"))
    }

    @Test("So many a second, at once or one after the other; who is turned away costs nobody a turn", .requirement(292))
    func rate() {
        let quota = ConnectionQuota(maximumTotal: 1000, maximumPerAddress: 1000, maximumPerSecond: 10)
        func admitted(of count: Int, at milliseconds: Int64) -> Int {
            let now = MonotonicTime(nanoseconds: milliseconds * 1_000_000)
            return (0..<count).count { _ in quota.admit("a", now: now) }
        }
        #expect(admitted(of: 50, at: 0) == 10)
        #expect(admitted(of: 50, at: 99) == 0)
        #expect(admitted(of: 50, at: 100) == 1)
        #expect(admitted(of: 50, at: 500) == 4)
        #expect(admitted(of: 50, at: 60_000) == 10)
    }
}
