internal import EngineIOProtocol
internal import HTTPTypes
internal import Logging
internal import NIOCore
internal import WebSocketServer

/// Where requests come in: tells what each asks for, and takes it to its session.
final class EngineIOEntrance: Sendable {
    let core: EngineIOCore
    private let loops: [EngineIOLoop]
    private let loopsByEventLoop: [ObjectIdentifier: EngineIOLoop]

    init(core: EngineIOCore, eventLoops: [any EventLoop]) {
        precondition(
            eventLoops.count <= SessionID.maximumLoopCount,
            "a session id can name \(SessionID.maximumLoopCount) event loops")
        self.core = core
        self.loops = eventLoops.enumerated().map { EngineIOLoop(core: core, eventLoop: $0.element, number: $0.offset) }
        self.loopsByEventLoop = Dictionary(
            uniqueKeysWithValues: self.loops.map { (ObjectIdentifier($0.eventLoop), $0) })
    }

    /// On the event loop of the exchange.
    func serve(_ exchange: HTTPExchange) {
        let request = exchange.request
        if request.head.method == .options, let cors = self.core.configuration.cors {
            return exchange.respond(self.core.preflightResponse(cors, for: request))
        }
        do throws(EngineIOError) {
            guard exchange.isFromAllowedOrigin else { throw .forbidden("Origin not allowed") }
            let asked = try EngineIORequest(
                // Over HTTP/2 the method of an opening handshake is CONNECT (RFC 8441 §5).
                exchange.isWebSocketRequest ? .get : EngineIORequest.Method(request.head.method),
                query: request.query,
                isWebSocketRequest: exchange.isWebSocketRequest,
                transports: self.core.configuration.transports
            )
            switch asked {
            case .handshake(let transport): self.handshake(transport, exchange)
            case .poll(let id): self.poll(exchange, try self.loop(of: id), id)
            case .push(let id): self.push(exchange, try self.loop(of: id), id)
            case .upgrade(let id): self.upgrade(exchange, try self.loop(of: id), id)
            }
        } catch {
            exchange.respond(self.core.response(error, for: exchange))
        }
    }

    func shutDown(_ eventLoop: any EventLoop) {
        self.loopsByEventLoop[ObjectIdentifier(eventLoop)]?.shutDown()
    }

    func ownLoop(_ exchange: HTTPExchange) -> EngineIOLoop? {
        self.loopsByEventLoop[ObjectIdentifier(exchange.eventLoop)]
    }

    /// The loop that a session of this id would live on.
    private func loop(of id: String) throws(EngineIOError) -> EngineIOLoop {
        guard let number = SessionID.loop(of: id), self.loops.indices.contains(number) else { throw .unknownSession }
        return self.loops[number]
    }
}

// MARK: - Requests of a session

extension EngineIOEntrance {
    private func poll(_ exchange: HTTPExchange, _ loop: EngineIOLoop, _ id: String) {
        let poll = Poll(exchange)
        loop.execute { loop in
            guard let session = loop.session(id) else { return self.refuse(exchange, .unknownSession) }
            session.pollArrived(poll)
        }
        exchange.onAbort { _ in
            loop.execute { loop in loop.session(id)?.pollAborted(exchange) }
        }
    }

    private func push(_ exchange: HTTPExchange, _ loop: EngineIOLoop, _ id: String) {
        // The session has it from here on. Told before the body is there, so that it sees two at a time, and so that
        // nobody's megabyte is taken in to be refused.
        loop.execute { loop in
            guard let session = loop.session(id) else { return self.refuse(exchange, .unknownSession) }
            session.pushBegan(exchange)
        }
        exchange.onBody { body in
            loop.execute { loop in
                // Refused before, or overtaken by the end of the session.
                guard let session = loop.session(id) else { return self.refuse(exchange, .unknownSession) }
                session.pushed(body, exchange)
            }
        }
        exchange.onAbort { cause in
            loop.execute { loop in loop.session(id)?.pushAborted(exchange, cause) }
        }
    }

    private func upgrade(_ exchange: HTTPExchange, _ loop: EngineIOLoop, _ id: String) {
        guard self.core.allowsUpgrades else { return self.refuse(exchange, .badRequest) }
        loop.execute { loop in
            guard let session = loop.session(id) else { return self.refuse(exchange, .unknownSession) }
            exchange.accept { connection in
                let socket = SessionSocket(connection, sessionLoop: session.eventLoop)
                loop.execute { _ in session.upgradeRequested(socket) }
                socket.listen(for: session)
            }
        }
    }

    func refuse(_ exchange: HTTPExchange, _ error: EngineIOError) {
        exchange.respond(self.core.response(error, for: exchange))
    }
}

extension EngineIORequest.Method {
    fileprivate init(_ method: HTTPRequest.Method) {
        switch method {
        case .get: self = .get
        case .post: self = .post
        default: self = .other
        }
    }
}
