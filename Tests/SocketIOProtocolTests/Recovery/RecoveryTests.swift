import Testing
import WebSocketProtocol

@testable import SocketIOProtocol

@Suite struct RecoveryTests {
    private static func time(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    private func log(count: Int = 100, bytes: Int = 1_000_000) -> RecoveryLog<UInt64> {
        RecoveryLog(
            epoch: "e",
            limits: RecoveryLimits(
                maximumDisconnection: .seconds(10), maximumEventCount: count, maximumByteCount: bytes))
    }

    @discardableResult
    private func add(
        _ log: inout RecoveryLog<UInt64>, rooms: Set<String> = [], except: Set<String> = [], bytes: Int = 0,
        at: Int64 = 0
    ) -> RecoveryLog<UInt64>.Entry {
        log.append(rooms: rooms, except: except, byteCount: bytes, now: RecoveryTests.time(at)) { $0 }
    }

    @Test("Events are numbered from one, and all after a number are there or none")
    func numbers() throws {
        var log = self.log(count: 3)
        #expect(log.head == 0 && log.entries(after: 0)?.isEmpty == true)
        for _ in 0..<5 { self.add(&log) }
        #expect(log.head == 5)
        #expect(log.entries(after: 2)?.map(\.number) == [3, 4, 5])
        #expect(log.entries(after: 5)?.isEmpty == true)
        #expect(log.entries(after: 1) == nil)
        #expect(log.entries(after: 6) == nil)
    }

    @Test("What is too old or too much is forgotten, by count, bytes and age")
    func bounds() {
        var log = self.log(bytes: 1000)
        for _ in 0..<3 { self.add(&log, bytes: 100) }
        #expect(log.entries(after: 1)?.count == 2 && log.entries(after: 0) == nil)
        var old = self.log()
        self.add(&old, at: 0)
        self.add(&old, at: 5)
        old.prune(now: RecoveryTests.time(11))
        #expect(old.entries(after: 0) == nil && old.entries(after: 1)?.count == 1)
        old.prune(now: RecoveryTests.time(100))
        #expect(old.entries(after: 1) == nil && old.entries(after: 2)?.isEmpty == true)
    }

    @Test("An offset counts only in the log that made it")
    func offsets() {
        var log = self.log()
        self.add(&log)
        #expect(log.number(of: log.offset(1)) == 1 && log.number(of: "e-0") == 0)
        for offset in ["e-2", "f-1", "e", "e-", "-1", "e--1", "e-1-1", "", "e-18446744073709551616", "e- 1"] {
            #expect(log.number(of: offset) == nil, "\(offset)")
        }
    }

    @Test("Events of a room count from joining it to leaving it, whatever offset a client names")
    func membership() {
        var log = self.log()
        var history = MembershipHistory(after: 1)
        let all = (0..<3).map { _ in self.add(&log) }
        history.joined("r", after: 3)
        let toRoom = self.add(&log, rooms: ["r", "other"])
        let toOther = self.add(&log, rooms: ["other"])
        let butRoom = self.add(&log, except: ["r"])
        let butMe = self.add(&log, rooms: ["r"], except: ["me"])
        let toMe = self.add(&log, rooms: ["me"])
        history.left("r", after: 8)
        let later = self.add(&log, rooms: ["r"])
        #expect(all.map { history.includes($0, socketID: "me") } == [false, true, true])
        let included = [toRoom, toOther, butRoom, butMe, toMe, later].map { history.includes($0, socketID: "me") }
        #expect(included == [true, false, false, false, true, false])
        #expect(!history.includes(self.add(&log, rooms: ["r"]), socketID: "me"))
        #expect(history.reaches(back: 1) && !history.reaches(back: 0))
    }

    @Test("Joining twice changes nothing, and rejoining begins anew")
    func rejoining() {
        var log = self.log()
        var history = MembershipHistory(after: 0)
        history.joined("r", after: 0)
        let first = self.add(&log, rooms: ["r"])
        history.joined("r", after: 1)
        history.left("r", after: 1)
        let between = self.add(&log, rooms: ["r"])
        history.joined("r", after: 2)
        let second = self.add(&log, rooms: ["r"])
        #expect([first, between, second].map { history.includes($0, socketID: "me") } == [true, false, true])
        #expect(Array(history.rooms) == ["r"])
    }

    @Test("Of more stays than are remembered, none is guessed: the way back is shorter")
    func manyStays() {
        var history = MembershipHistory(after: 0)
        for number in 0..<100 as Range<UInt64> {
            history.joined("r\(number)", after: number)
            history.left("r\(number)", after: number + 1)
        }
        #expect(!history.reaches(back: 35) && history.reaches(back: 36))
    }
}
