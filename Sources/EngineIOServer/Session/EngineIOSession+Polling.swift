internal import EngineIOProtocol
internal import HTTPTypes
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol
internal import WebSocketServer

/// The session carried by HTTP requests.
extension EngineIOSession {
    /// A GET came in, perhaps on another event loop.
    func pollArrived(_ poll: Poll) {
        let action = self.machine.pollArrived(
            hasOutbound: !self.queue.isEmpty && self.untakenAnswer == nil, fitsOneAnswer: self.fitsOneAnswer)
        switch action {
        case .answer:
            self.poll = poll
            self.answerPoll(self.takePayload())
        case .park:
            self.poll = poll
        case .answerAndFinish:
            self.poll = poll
            self.answerPollWithClose()
            self.end(self.closeReason ?? .forcedServerClose)
        case .refuseAndEnd(let reason):
            self.refuse(poll.exchange, .badRequest)
            self.end(reason)
        case .refuse:
            self.refuse(poll.exchange, .badRequest)
        }
    }

    func pollAborted(_ exchange: HTTPExchange) {
        if self.poll?.exchange === exchange { self.poll = nil }
        guard case .end(let reason) = self.machine.pollAborted() else { return }
        self.end(reason)
    }

    func answerPoll(_ payload: ByteBuffer) {
        guard let poll = self.poll.take() else { return }
        let exchange = poll.exchange
        if self.untakenAnswer == nil { self.untakenAnswer = exchange }
        exchange.respond(self.loop.core.response(payload: payload, for: poll, gzip: self.loop.gzip)) {
            self.execute { $0.answerTaken(exchange) }
        }
    }

    /// A client that polls and polls without reading, each time by another connection, would have answers pile up: one is on
    /// its way at a time.
    private func answerTaken(_ exchange: HTTPExchange) {
        guard self.untakenAnswer === exchange else { return }
        self.untakenAnswer = nil
        self.flush()
    }

    /// Lets the waiting GET return without anything.
    func releasePoll() {
        var payload = ByteBuffer()
        payload.append(.noop)
        self.answerPoll(payload)
    }

    func refuse(_ exchange: HTTPExchange, _ error: EngineIOError) {
        exchange.respond(self.loop.core.response(error, for: exchange))
    }
}

// MARK: - POST

extension EngineIOSession {
    /// The head of a POST came in, perhaps on another event loop.
    func pushBegan(_ exchange: HTTPExchange) {
        switch self.machine.pushBegan() {
        case .accept:
            self.push = exchange
        case .refuseAndEnd(let reason):
            self.refuse(exchange, .badRequest)
            self.end(reason)
            return
        case .refuse:
            self.refuse(exchange, .badRequest)
            return
        }
        let contentType = exchange.request.head.headerFields[.contentType]
        if contentType?.utf8.starts(with: "application/octet-stream".utf8) == true {
            // The form of version 3, where a body could be binary.
            self.refuse(exchange, .badRequest)
            self.fail(.transportError)
        }
    }

    /// All of a POST is there.
    func pushed(_ body: ByteBuffer, _ exchange: HTTPExchange) {
        guard self.push === exchange else { return }
        self.push = nil
        let now = DeadlineWheel.now()
        do throws(PacketViolation) {
            for packet in try self.decode(body) { self.received(packet, of: body, now: now) }
        } catch {
            self.fail(.parseError)
        }
        guard self.closeReason != .parseError else { return self.refuse(exchange, .badRequest) }
        self.finish(exchange)
    }

    private func decode(_ body: ByteBuffer) throws(PacketViolation) -> [PayloadDecoder.Packet] {
        let limit = self.loop.core.configuration.maximumPacketsPerPayload
        return try body.withUnsafeReadableBytes { bytes throws(PacketViolation) in
            try PayloadDecoder.decode(bytes, maximumPacketCount: limit)
        }
    }

    private func received(_ packet: PayloadDecoder.Packet, of body: ByteBuffer, now: MonotonicTime) {
        switch packet {
        case .packet(let type, let data):
            self.received(type, .text, body.slice(data), now: now)
        case .binary(let base64, let byteCount):
            guard self.machine.isOpen else { return }
            var bytes = ByteBuffer()
            bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: byteCount) { target in
                body.slice(base64).withUnsafeReadableBytes { Base64.decode($0, into: target) } ?? 0
            }
            self.received(.message, .binary, bytes, now: now)
        }
    }

    /// The POST will never be whole.
    func pushAborted(_ exchange: HTTPExchange, _ cause: HTTPExchange.AbortCause) {
        guard self.push === exchange || self.receiving.heldPush === exchange else { return }
        self.push = nil
        self.receiving.heldPush = nil
        switch cause {
        case .bodyTooLarge:
            self.machine.pushEnded()
        case .disconnected, .timedOut:
            guard case .end(let reason) = self.machine.pushAborted() else { return }
            self.end(reason)
        }
    }
}

extension ByteBuffer {
    /// - Parameter range: of the readable bytes; what lies outside of them is left off.
    fileprivate func slice(_ range: Range<Int>) -> ByteBuffer {
        self.getSlice(at: self.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }
}
