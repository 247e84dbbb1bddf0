import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("Every wait has a deadline (§7.1.1)", .timeLimit(.minutes(1)))
struct DeadlineTests {
    @Test("A peer that never answers Close is dropped (§7.1.1)", .requirement(165), arguments: [Role.server, .client])
    func noAnswer(role: Role) throws {
        let wire = try Wire(role) { $0.closeTimeout = .seconds(3) }
        let connection = wire.connection
        let close = wire.start { try await connection.close(code: 4000) }
        wire.advance(by: .milliseconds(2800))
        #expect(close.isSuspended)
        // It may talk of other things meanwhile.
        try wire.receive(.text("blah"), .ping())
        wire.advance(by: .milliseconds(400))
        #expect(close.value?.wasClean == false)
        #expect(close.value?.sent?.code == 4000)
        #expect(close.value?.code == .abnormalClosure)
    }

    @Test("A server that never closes TCP is left by its client; the close was clean (§7.1.1)", .requirement(151, 165))
    func serverKeepsTransport() throws {
        let wire = try Wire(.client) { $0.closeTimeout = .seconds(3) }
        try wire.receive(.close(1000))
        wire.advance(by: .milliseconds(2800))
        #expect(wire.outcome == nil)
        wire.advance(by: .milliseconds(400))
        #expect(wire.outcome?.wasClean == true)
    }

    @Test("After a failure a peer that goes on sending is dropped (§7.1.7)", .requirement(149, 165))
    func afterFailure() throws {
        let wire = try Wire(.server) { $0.closeTimeout = .seconds(3) }
        try wire.receive(RawFrame(opcode: 7, payload: []))
        for _ in 0..<28 {
            wire.advance(by: .milliseconds(100))
            try wire.receive([1, 2, 3])
        }
        #expect(wire.outcome == nil)
        wire.advance(by: .milliseconds(400))
        #expect(wire.outcome?.violation == .reservedOpcode)
    }

    @Test("A peer whose socket is full does not hold up the end (§7.1.1)", .requirement(165, 133))
    func fullSocket() throws {
        let wire = try Wire(.server) { $0.closeTimeout = .seconds(3) }
        let connection = wire.connection
        wire.setWritable(false)
        let send = wire.start { try await connection.send([UInt8](repeating: 1, count: 1000)) }
        let close = wire.start { try await connection.close() }
        #expect(send.error is ConnectionClosedError)
        wire.advance(by: .milliseconds(3200))
        #expect(close.value?.received == nil)
        #expect(close.value != nil)
    }

    @Test("Pings go out in their interval, and a pong keeps the connection", .requirement(289, 290))
    func keepAlive() throws {
        let wire = try Wire(.server) { $0.keepAlive = .init(pingInterval: .seconds(20), pongTimeout: .seconds(10)) }
        var pings = 0
        for _ in 0..<600 {
            wire.advance(by: .seconds(1))
            for frame in try wire.takeFrames() where frame.opcode == 9 {
                pings += 1
                try wire.receive(.pong(frame.payload))
            }
        }
        #expect((28...31).contains(pings))
        #expect(wire.outcome == nil)
        let connection = wire.connection
        #expect(wire.start { await connection.roundTripTime }.value as? Duration != nil)
    }

    @Test("Connections that begin together do not ping together", .requirement(289))
    func jitter() throws {
        var firstPings = Set<Int>()
        for _ in 0..<12 {
            let wire = try Wire(.server) { $0.keepAlive = .init(pingInterval: .seconds(20)) }
            for second in 0..<22 {
                wire.advance(by: .seconds(1))
                guard try wire.takeFrames().isEmpty else {
                    firstPings.insert(second)
                    break
                }
            }
        }
        // Twelve draws of twenty: fewer than four different ones is a chance of one in a million.
        #expect(firstPings.count >= 4)
    }

    @Test("A peer that is silent after a ping fails with 1011; any byte is a sign of life", .requirement(289))
    func silentPeer() throws {
        let wire = try Wire(.client) { $0.keepAlive = .init(pingInterval: .seconds(10), pongTimeout: .seconds(5)) }
        for _ in 0..<100 {
            wire.advance(by: .seconds(1))
            try wire.receive(.text("not a pong"))
        }
        #expect(wire.handler.closing.phase == .open)
        _ = try wire.takeFrames()
        wire.advance(by: .seconds(25))
        let frames = try wire.takeFrames().map(\.unmasked)
        #expect(frames.last == .close(1011, "no pong in time"))
        wire.advance(by: .seconds(6))
        #expect(wire.outcome?.sent?.code == .internalError)
    }

    @Test("While we do not read, silence proves nothing", .requirement(289, 294))
    func pausedReader() throws {
        let wire = try Wire(.server) { $0.keepAlive = .init(pingInterval: .seconds(10), pongTimeout: .seconds(5)) }
        wire.connection.pauseReading()
        wire.advance(by: .seconds(300))
        #expect(wire.handler.closing.phase == .open)
        wire.connection.resumeReading()
        wire.advance(by: .seconds(60))
        #expect(wire.outcome?.sent?.code == .internalError)
    }

    @Test("A connection without messages is closed with 1001 if that was asked for", .requirement(292, 173))
    func idle() throws {
        let wire = try Wire(.server) {
            $0.keepAlive = .init(pingInterval: nil, idleTimeout: .seconds(30))
        }
        for _ in 0..<100 {
            wire.advance(by: .seconds(1))
            wire.connection.sendNow(WebSocketMessage("x"))
            wire.run()
        }
        #expect(try wire.takeFrames().allSatisfy { $0.opcode == 1 })
        for _ in 0..<62 {
            wire.advance(by: .seconds(1))
            try wire.receive(.ping())
        }
        #expect(try wire.takeFrames().contains(.close(1001, "idle")))
    }

    @Test("A connection that is old enough is closed with 1001, each at a time of its own", .requirement(292))
    func maximumAge() throws {
        var ages = Set<Int>()
        for _ in 0..<12 {
            let wire = try Wire(.server) { $0.maximumAge = .seconds(1000) }
            var age = 0
            while wire.handler.closing.phase == .open && age < 2000 {
                wire.advance(by: .seconds(1))
                age += 1
                try wire.receive(.text("busy"))
            }
            #expect((900...1001).contains(age))
            #expect(try wire.takeFrames().last == .close(1001, "maximum age"))
            ages.insert(age)
        }
        #expect(ages.count >= 4)
    }

    @Test("The close deadline holds beyond a minute too", .requirement(165))
    func longTimeout() throws {
        let wire = try Wire(.server) { $0.closeTimeout = .seconds(120) }
        try wire.connection.startClosing()
        wire.advance(by: .seconds(119))
        #expect(wire.outcome == nil)
        wire.advance(by: .seconds(2))
        #expect(wire.outcome != nil)
    }
}
