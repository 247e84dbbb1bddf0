internal import EngineIOProtocol
internal import HTTPTypes
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol
internal import WebSocketServer

/// The session carried by HTTP requests.
extension EngineIOSession {
    /// A GET came in, perhaps on another event loop.
    func pollArrived(_ exchange: HTTPExchange) {
        switch self.machine.pollArrived(hasOutbound: !self.queue.isEmpty) {
        case .answer:
            self.poll = exchange
            self.answerPoll(self.takePayload())
        case .park:
            self.poll = exchange
        case .answerAndFinish:
            self.poll = exchange
            self.answerPollWithClose()
            self.end(self.closeReason ?? .forcedServerClose)
        case .refuseAndEnd(let reason):
            self.refuse(exchange, .badRequest)
            self.end(reason)
        case .refuse:
            self.refuse(exchange, .badRequest)
        }
    }

    func pollAborted(_ exchange: HTTPExchange) {
        if self.poll === exchange { self.poll = nil }
        guard case .end(let reason) = self.machine.pollAborted() else { return }
        self.end(reason)
    }

    func answerPoll(_ payload: ByteBuffer) {
        guard let exchange = self.poll.take() else { return }
        let core = self.loop.core
        exchange.respond(core.response(payload: payload, for: exchange.request, gzip: self.loop.gzip))
    }

    /// Lets the waiting GET return without anything.
    func releasePoll() {
        var payload = ByteBuffer()
        payload.append(.noop)
        self.answerPoll(payload)
    }

    func refuse(_ exchange: HTTPExchange, _ error: EngineIOError) {
        exchange.respond(self.loop.core.response(error, for: exchange.request))
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
