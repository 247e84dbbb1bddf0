import NIOCore
import NIOEmbedded
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("Sending keeps pace with the peer", .timeLimit(.minutes(1)))
struct SendBackPressureTests {
    @Test("send returns at once while the socket takes bytes", .requirement(293))
    func writable() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        let send = wire.start { for _ in 0..<100 { try await connection.send("x") } }
        #expect(send.value != nil)
        #expect(try wire.takeFrames().count == 100)
    }

    @Test("send suspends while the socket is full, and goes on when it is not", .requirement(293))
    func suspension() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        wire.setWritable(false)
        let send = wire.start {
            try await connection.send("one")
            try await connection.send("two")
        }
        #expect(send.isSuspended)
        #expect(wire.handler.outboundByteCount == 0, "what waits is in its task, not in memory of ours")
        wire.setWritable(true)
        #expect(send.value != nil)
        #expect(try wire.takeFrames() == [.text("one"), .text("two")])
        #expect(wire.drainCount == 1)
    }

    @Test("All who wait go on, each message whole and once", .requirement(115, 293))
    func manySenders() throws {
        let wire = try Wire(.client)
        let connection = wire.connection
        wire.setWritable(false)
        let senders = (0..<10).map { number in
            wire.start { for round in 0..<3 { try await connection.send("\(number) \(round)") } }
        }
        #expect(senders.allSatisfy { $0.isSuspended })
        wire.setWritable(true)
        #expect(senders.allSatisfy { $0.value != nil })
        let texts = try wire.takeFrames().map { String(decoding: $0.payload, as: UTF8.self) }
        #expect(texts.sorted() == (0..<10).flatMap { number in (0..<3).map { "\(number) \($0)" } })
        for number in 0..<10 {
            #expect(texts.filter { $0.hasPrefix("\(number) ") } == (0..<3).map { "\(number) \($0)" })
        }
    }

    @Test("A cancelled sender stops waiting, and its message was not sent", .requirement(293))
    func cancellation() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        wire.setWritable(false)
        let cancelled = wire.start { try await connection.send("taken back") }
        let patient = wire.start { try await connection.send("sent") }
        cancelled.cancel()
        wire.run()
        #expect(cancelled.error is CancellationError)
        #expect(patient.isSuspended)
        wire.setWritable(true)
        #expect(patient.value != nil)
        #expect(try wire.takeFrames() == [.text("sent")])
    }

    @Test("Class 8: slow readers. Sends that are given up and tried again pile nothing up", .requirement(293))
    func class08GivenUp() throws {
        let wire = try Wire(.server)
        let connection = wire.connection
        wire.setWritable(false)
        for _ in 0..<100 {
            let send = wire.start { try await connection.send([UInt8](repeating: 1, count: 10_000)) }
            send.cancel()
            wire.run()
            #expect(send.error is CancellationError)
        }
        #expect(wire.handler.outboundByteCount == 0)
    }

    @Test("sendHighMark is where the channel says that the socket is full", .requirement(293))
    func highMark() throws {
        let wire = try Wire(.server) { $0.sendHighMark = 1000 }
        let marks = try wire.channel.getOption(.writeBufferWaterMark).wait()
        #expect(marks.high == 1000)
        #expect(marks.low == 500)
    }

    @Test("A sender that waits is told when the connection closes, and when it breaks (§6.1)", .requirement(141, 145))
    func closedMeanwhile() throws {
        for isOrdinary in [true, false] {
            let wire = try Wire(.server)
            let connection = wire.connection
            wire.setWritable(false)
            let send = wire.start { try await connection.send("x") }
            #expect(send.isSuspended)
            if isOrdinary { try wire.receive(.close(1000)) } else { wire.dropTransport() }
            #expect(send.error is ConnectionClosedError)
        }
    }

    @Test("After a Close was sent or received, send throws and sends nothing (§5.5.1, §6.1)", .requirement(126, 141))
    func afterClose() throws {
        for isOurs in [true, false] {
            let wire = try Wire(.client)
            let connection = wire.connection
            if isOurs { try connection.startClosing() } else { try wire.receive(.close(1000)) }
            wire.run()
            #expect(try wire.takeFrames().map(\.opcode) == [8])
            let send = wire.start { try await connection.send("late") }
            let stream = wire.start { try await connection.stream(.text) { try await $0.write("late") } }
            let ping = wire.start { try await connection.ping() }
            #expect(send.error is ConnectionClosedError)
            #expect(stream.error is ConnectionClosedError)
            #expect(ping.error is ConnectionClosedError)
            #expect(!connection.sendNow(WebSocketMessage("late")))
            #expect(try wire.takeFrames().isEmpty)
        }
    }
}
