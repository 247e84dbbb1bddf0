import SocketIOServer
import Testing

@Suite(.timeLimit(.minutes(1))) struct EventTests {
    struct Order: Codable, Sendable {
        var item: String
        var count: Int
    }

    @Test("Handlers get arguments as the types they take, more or fewer than came")
    func arguments() async throws {
        try await SocketServer.run { io in
            io.on("order") { (socket, order: Order, note: String?) in
                try socket.emit("got", order.item, order.count, note)
            }
            io.on("none") { socket in try socket.emit("got") }
            io.on("bytes") { (socket, bytes: [UInt8]) in try socket.emit("got", Array(bytes.reversed())) }
        } _: { server in
            let client = try await server.connect()
            try await client.send(
                #"42["order",{"item":"tea","count":2},"hot",5]"#, #"42["order",{"item":"tea","count":2}]"#)
            try await client.send(#"42["none",1,2]"#, #"451-["bytes",{"_placeholder":true,"num":0}]"#)
            try await client.send(binary: [1, 2, 3])
            #expect(
                try await client.take(4) == [
                    #"42["got","tea",2,"hot"]"#, #"42["got","tea",2,null]"#, #"42["got"]"#,
                    #"451-["got",{"_placeholder":true,"num":0}]"#,
                ])
            #expect(try await client.takeFrame() == .binary([3, 2, 1]))
        }
    }

    @Test("What a handler returns acknowledges the event, if that was asked for")
    func acknowledging() async throws {
        try await SocketServer.run { io in
            io.on("double") { (_, number: Int) in number * 2 }
            io.on("later") { (_, number: Int) async throws -> Int in
                try await Task.sleep(for: .milliseconds(1))
                return number + 1
            }
            io.onEvent("raw") { _, event in
                try event.acknowledgment?.send(event.arguments.count, "x")
                try event.acknowledgment?.send("twice")
            }
            io.on("nothing") { (_: SocketIOSocket, _: Int) in }
        } _: { server in
            let client = try await server.connect()
            try await client.send(#"421["double",4]"#, #"42["double",4]"#, #"422["later",4]"#, #"423["raw",1,2]"#)
            #expect(try await client.take(3) == ["431[8]", "432[5]", #"433[2,"x"]"#])
            try await client.send(#"424["nothing",4]"#, #"425["double",1]"#)
            #expect(try await client.take() == "435[2]")
        }
    }

    @Test("The server asks, and gets an answer, or an error in time")
    func asking() async throws {
        let sockets = Mailbox<SocketIOSocket>()
        try await SocketServer.run {
            $0.onConnect { sockets.put($0) }
        } _: { server in
            let client = try await server.connect()
            let socket = try await sockets.take()
            async let answer: Order = socket.emitWithAck("which", "tea")
            #expect(try await client.take() == #"420["which","tea"]"#)
            try await client.send(#"430[{"item":"tea","count":1}]"#, #"430["again"]"#, "43999[]")
            #expect(try await answer.count == 1)

            await #expect(throws: SocketIOAcknowledgmentError.timedOut) {
                try await socket.emitWithAck("which", timeout: .milliseconds(50), as: Int.self)
            }
            #expect(try await client.take() == #"421["which"]"#)
            try await client.send("431[1]")

            let wrong = Task { try await socket.emitWithAck("which", as: Int.self) }
            #expect(try await client.take() == #"422["which"]"#)
            try await client.send(#"432["x"]"#)
            await #expect(throws: DecodingError.self) { try await wrong.value }

            async let bytes: [UInt8] = socket.emitWithAck("which")
            #expect(try await client.take() == #"423["which"]"#)
            try await client.send(#"461-3[{"_placeholder":true,"num":0}]"#)
            try await client.send(binary: [7])
            #expect(try await bytes == [7])

            let lost = Task { try await socket.emitWithAck("which", as: Int.self) }
            #expect(try await client.take() == #"424["which"]"#)
            client.close()
            await #expect(throws: SocketIOAcknowledgmentError.disconnected) { try await lost.value }
            await #expect(throws: SocketIOAcknowledgmentError.disconnected) {
                try await socket.emitWithAck("which", as: Int.self)
            }
        }
    }

    @Test("Waiting for an answer can be cancelled")
    func cancelling() async throws {
        let sockets = Mailbox<SocketIOSocket>()
        try await SocketServer.run {
            $0.onConnect { sockets.put($0) }
        } _: { server in
            let client = try await server.connect()
            let socket = try await sockets.take()
            let asking = Task { try await socket.emitWithAck("which", timeout: .seconds(60), as: Int.self) }
            #expect(try await client.take() == #"420["which"]"#)
            asking.cancel()
            await #expect(throws: CancellationError.self) { try await asking.value }
        }
    }

    @Test("Whoever is cancelled before it asks does not wait, be it one socket that is asked or all")
    func cancelledBefore() async throws {
        let sockets = Mailbox<SocketIOSocket>()
        try await SocketServer.run { io in
            io.onConnect { sockets.put($0) }
            io.settles()
        } _: { server in
            let client = try await server.connect()
            let socket = try await sockets.take()
            let asking = Task {
                while !Task.isCancelled { await Task.yield() }
                _ = try await socket.emitWithAck("which", timeout: .seconds(60), as: Int.self)
            }
            let askingAll = Task {
                while !Task.isCancelled { await Task.yield() }
                _ = try await server.io.everybody.timeout(.seconds(60)).emitWithAck("which", as: Int.self)
            }
            for task in [asking, askingAll] {
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
            }
            #expect(try await client.settle().isEmpty)
        }
    }

    @Test("An answer has no more attachments than an event")
    func attachmentsOfAnswers() async throws {
        let errors = Mailbox<String>()
        try await SocketServer.run { io in
            io.on("many") { (_, count: Int) in Array(repeating: [UInt8(1)], count: count) }
            io.onError { _, _, error in errors.put("\(error)") }
        } _: { server in
            let client = try await server.connect()
            try await client.send(#"421["many",11]"#, #"422["many",10]"#)
            let error = SocketIOEmitError.tooManyAttachments(count: 11, limit: 10)
            #expect(try await errors.take() == "\(error)")
            let answer = try await client.take()
            #expect(answer.hasPrefix("4610-2[["), "\(answer)")
        }
    }

    @Test("An attachment can't be multiplied: a packet that places it twice ends the session")
    func placeholderTwice() async throws {
        try await SocketServer.run { io in
            io.onEvent("echo") { _, event in try event.acknowledgment?.send(arguments: event.arguments) }
        } _: { server in
            let client = try await server.connect()
            let placeholder = #"{"_placeholder":true,"num":0}"#
            try await client.send("451-0[\"echo\",\(placeholder),[\(placeholder)]]")
            try await client.send(binary: [1])
            try await client.mustClose()
        }
    }

    @Test("Async handlers of a socket run one after the other, and what comes behind them waits")
    func order() async throws {
        let gate = Gate()
        try await SocketServer.run { io in
            io.on("slow") { (socket, number: Int) async throws in
                await gate.wait()
                try socket.emit("slow", number)
            }
            io.on("fast") { (socket, number: Int) in try socket.emit("fast", number) }
            io.on("other") { (socket, number: Int) in try socket.emit("other", number) }
        } _: { server in
            let client = try await server.connect()
            let other = try await server.connect()
            try await client.send(
                #"42["fast",0]"#, #"42["slow",1]"#, #"42["fast",2]"#, #"42["slow",3]"#, #"42["fast",4]"#)
            #expect(try await client.take() == #"42["fast",0]"#)
            try await other.send(#"42["other",9]"#)
            #expect(try await other.take() == #"42["other",9]"#)
            gate.open()
            #expect(
                try await client.take(4) == [
                    #"42["slow",1]"#, #"42["fast",2]"#, #"42["slow",3]"#, #"42["fast",4]"#,
                ])
            try await client.send(#"42["fast",5]"#)
            #expect(try await client.take() == #"42["fast",5]"#)
        }
    }

    @Test("A handler may wait for an answer of its own client")
    func asksBack() async throws {
        try await SocketServer.run { io in
            io.on("ask-me") { (socket, question: String) async throws -> String in
                try await socket.emitWithAck("q", question)
            }
        } _: { server in
            let client = try await server.connect()
            try await client.send(#"425["ask-me","why"]"#)
            #expect(try await client.take() == #"420["q","why"]"#)
            try await client.send(#"430["because"]"#)
            #expect(try await client.take() == #"435["because"]"#)
        }
    }

    @Test(
        "While too many events wait for async handlers, the session is not read; nothing is lost",
        arguments: [true, false])
    func backPressure(overWebSocket: Bool) async throws {
        let gate = Gate()
        let seen = Mailbox<Int>()
        try await SocketServer.run {
            $0.maximumWaitingEvents = 4
        } set: { io in
            io.on("work") { (_, number: Int) async in
                if number == 0 { await gate.wait() }
                seen.put(number)
            }
        } _: { server in
            if overWebSocket {
                let client = try await server.connect()
                for number in 0..<50 { try await client.send("42[\"work\",\(number)]") }
                gate.open()
                for number in 0..<50 { #expect(try await seen.take() == number) }
                _ = try await client.send("42[\"work\",50]")
                #expect(try await seen.take() == 50)
            } else {
                let session = try await PollingClient.open(server)
                _ = try await session.push("40")
                _ = try await session.push(
                    (0..<6).map { "42[\"work\",\($0)]" }.joined(separator: "\u{1E}"), isAnswered: false)
                let events = Mailbox<String>()
                let answering = Task { events.put(try await session.takeAnswer()) }
                try await Task.sleep(for: .milliseconds(300))
                events.put("gate opened")
                gate.open()
                for number in 0..<6 { #expect(try await seen.take() == number) }
                try await answering.value
                #expect(try await [events.take(), events.take()] == ["gate opened", "ok"])
            }
        }
    }

    @Test("Errors of handlers and wrong arguments are told; the socket lives on")
    func errors() async throws {
        let errors = Mailbox<String>()
        struct Refused: Error {}
        try await SocketServer.run { io in
            io.on("number") { (socket, number: Int) in try socket.emit("got", number) }
            io.on("throws") { _ in throw Refused() }
            io.onError { _, event, error in errors.put("\(event.name): \(type(of: error))") }
        } _: { server in
            let client = try await server.connect()
            try await client.send(
                #"42["number","x"]"#, #"42["number"]"#, #"42["throws"]"#, #"42["nobody","listens"]"#, #"42["number",1]"#
            )
            #expect(try await client.take() == #"42["got",1]"#)
            #expect(try await errors.take() == "number: SocketIOArgumentError")
            #expect(try await errors.take() == "number: SocketIOArgumentError")
            #expect(try await errors.take() == "throws: Refused")
        }
    }

    @Test("Several handlers of an event, and one for all events, which comes first")
    func several() async throws {
        try await SocketServer.run { io in
            io.on("a") { socket in try socket.emit("first") }
            io.on("a") { _ in 1 }
            io.on("a") { _ in 2 }
            io.onAny { socket, event in try socket.emit("any", event.name, event.arguments) }
        } _: { server in
            let client = try await server.connect()
            try await client.send(#"421["a"]"#, #"42["b",[5]]"#)
            #expect(
                try await client.take(4) == [#"42["any","a",[]]"#, #"42["first"]"#, "431[1]", #"42["any","b",[[5]]]"#])
        }
    }

    @Test("An event that clients can't take is an error, and nothing is sent")
    func misuse() async throws {
        let sockets = Mailbox<SocketIOSocket>()
        try await SocketServer.run {
            $0.onConnect { sockets.put($0) }
        } _: { server in
            let client = try await server.connect()
            let socket = try await sockets.take()
            #expect(throws: SocketIOEmitError.reservedName("connect")) { try socket.emit("connect") }
            #expect(throws: SocketIOEmitError.tooManyAttachments(count: 11, limit: 10)) {
                try server.io.emit("x", Array(repeating: [UInt8(1)], count: 11))
            }
            try socket.emit("fine", Array(repeating: [UInt8(1)], count: 10))
            #expect(try await client.take().hasPrefix(#"4510-["fine",["#))
        }
    }
}
