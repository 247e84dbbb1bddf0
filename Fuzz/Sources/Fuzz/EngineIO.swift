import EngineIOProtocol
import WebSocketProtocol

/// The body of a POST against a naive reading: split at separators, base64 by the standard's table.
func fuzzEngineIOPayload(_ input: inout Input) {
    let maximum = 50
    let body = input.rest()
    let decoded = body.withUnsafeBytes { bytes in
        Result { () throws(PacketViolation) in try PayloadDecoder.decode(bytes, maximumPacketCount: maximum) }
    }
    let parts = body.split(separator: PayloadDecoder.separator, omittingEmptySubsequences: false)
    switch decoded {
    case .success(let packets):
        check(String(validating: body, as: UTF8.self) != nil, "only UTF-8 is taken")
        check(packets.count == parts.count && packets.count <= maximum, "a packet between each two separators")
        for (packet, part) in zip(packets, parts) {
            switch packet {
            case .packet(let type, let data):
                check(part.first == type.rawValue && data == part.indices.dropFirst(), "type and data as they stand")
            case .binary(let base64, let byteCount):
                check(part.first == UInt8(ascii: "b") && base64 == part.indices.dropFirst(), "base64 as it stands")
                checkBase64(Array(part.dropFirst()), byteCount)
            }
        }
    case .failure(let violation):
        switch violation {
        case .notUTF8: check(String(validating: body, as: UTF8.self) == nil, "UTF-8 is not refused as such")
        case .empty: check(parts.contains { $0.isEmpty }, "an empty packet")
        case .tooManyPackets: check(parts.count > maximum, "more packets than allowed")
        case .separator: check(false, "the separator separates packets here")
        case .unknownType, .notBase64: break
        }
    }
}

private func checkBase64(_ text: [UInt8], _ byteCount: Int) {
    var bytes = [UInt8](repeating: 0xAA, count: byteCount)
    let written = text.withUnsafeBytes { text in bytes.withUnsafeMutableBytes { Base64.decode(text, into: $0) } }
    check(written == byteCount, "what was taken for base64 decodes to as many bytes as promised")
    // Pad bits that are not zero are the one thing that is not kept.
    check(Base64.encode(bytes).utf8.dropLast(4).elementsEqual(text.dropLast(4)), "and back to the same text")
}

/// Method and query.
func fuzzEngineIORequest(_ input: inout Input) {
    let options = input.byte()
    let query = input.text()
    let method: EngineIORequest.Method = options & 3 == 0 ? .get : options & 3 == 1 ? .post : .other
    let isWebSocketRequest = options & 4 != 0
    do throws(EngineIOError) {
        let request = try EngineIORequest(
            method, query: query, isWebSocketRequest: isWebSocketRequest, transports: [.polling, .webSocket])
        switch request {
        case .handshake(let transport):
            check(method == .get && (transport == .webSocket) == isWebSocketRequest, "a handshake is a GET")
        case .poll(let id): check(method == .get && !isWebSocketRequest && !id.isEmpty, "a poll is a GET")
        case .push(let id): check(method == .post && !id.isEmpty, "a push is a POST")
        case .upgrade(let id): check(method == .get && isWebSocketRequest && !id.isEmpty, "an upgrade is a WebSocket")
        }
        if case .poll(let id) = request, let loop = SessionID.loop(of: id) {
            check((0..<SessionID.maximumLoopCount).contains(loop), "an id names an event loop within bounds")
        }
    } catch {
        check((0...5).contains(error.code), "an error of the protocol's table")
        check(error.body.unicodeScalars.allSatisfy { $0.value >= 0x20 }, "no control character in JSON")
    }
}

/// A session under any order of events: it never says what its state forbids, and once over it stays over.
func fuzzEngineIOSession(_ input: inout Input) {
    let timing = SessionTiming(pingInterval: .seconds(25), pingTimeout: .seconds(20), upgradeTimeout: .seconds(10))
    var now = MonotonicTime(nanoseconds: 0)
    var session = SessionStateMachine(
        transport: input.byte() & 1 == 0 ? .polling : .webSocket, timing: timing, now: now)
    var isPollWaiting = false
    while !input.bytes.isEmpty {
        let wasOver = session.phase == .closed
        let event = input.byte()
        switch event % 14 {
        case 0:
            let action = session.pollArrived(hasOutbound: event & 0x80 != 0)
            check(action != .park || !isPollWaiting, "one poll waits at a time")
            if action == .park { isPollWaiting = true }
        case 1: if session.pollAborted() != .ignore { isPollWaiting = false }
        case 2: if session.flush() == .answerPoll { release(&isPollWaiting) }
        case 3: _ = session.pushBegan()
        case 4: session.pushEnded()
        case 5: _ = session.pushAborted()
        case 6:
            let action = session.received(PacketType(rawValue: 0x30 + event / 14 % 7) ?? .noop, now: now)
            check(!wasOver || action == .ignore, "nothing comes of packets after the end")
        case 7: _ = session.upgradeRequested(now: now)
        case 8:
            let type = PacketType(rawValue: 0x30 + event / 14 % 7) ?? .noop
            switch session.receivedOnProbe(type, isProbe: event & 1 == 0, now: now) {
            case .answerProbe(true), .switchTransport(true): release(&isPollWaiting)
            case .answerProbe(false), .switchTransport(false), .abandon: break
            }
        case 9: session.probeClosed()
        case 10: if session.close(now: now) == .answerPoll { release(&isPollWaiting) }
        case 11: session.receivingPaused()
        case 12: session.receivingResumed(now: now)
        default:
            now = now.advanced(by: .milliseconds(Int(event) * 40))
            var count = 0
            while session.deadlineReached(now: now) != .wait {
                count += 1
                check(count < 10, "what is due at one time comes to an end")
            }
        }
        check(!wasOver || session.phase == .closed, "over is over")
        check((session.deadline == nil) == (session.phase == .closed), "there is a deadline until the end")
        check(!session.isPolled || session.isOpen, "a poll waits for an open session only")
        isPollWaiting = session.isPolled
    }
}

private func release(_ isPollWaiting: inout Bool) {
    check(isPollWaiting, "only a poll that waits is answered")
    isPollWaiting = false
}
