public import HTTPTypes
public import NIOCore
public import WebSocketNIO

/// One request and its answer, without a task: for routes where very many requests wait for very long.
///
/// It lives on the event loop of its connection, ``eventLoop``. The closure of the route and all callbacks run there and
/// must not block. ``respond(_:)`` and ``accept(subprotocol:headerFields:open:)`` may be called from anywhere.
public final class HTTPExchange: @unchecked Sendable {
    // Safety: every stored property that is not a `let` is touched on `eventLoop` only. Others may read `kept`: it changes
    // only when somebody gives the request up, who tells them.

    /// The request. Its body is empty: ``onBody(_:)`` brings it.
    public var request: ServerRequest {
        guard let kept = self.kept else { preconditionFailure("the request was given up by `releaseRequest()`") }
        return kept.request
    }
    /// Its `Origin`; nil if it does not come from a page of another origin.
    package let origin: String?
    public let eventLoop: any EventLoop
    /// True for a valid WebSocket request of an origin that may connect; it may be accepted, or get a response.
    public let isWebSocketRequest: Bool
    /// True if the request's `Origin` may use the route, or there is none: see ``ServerConfiguration/originPolicy``. A
    /// WebSocket request of another origin does not get here; for other requests it is for the application to refuse.
    public let isFromAllowedOrigin: Bool

    let route: Routes.ExchangeRoute?
    private let loop: ServerLoop
    private var kept: Kept?
    /// The connection, until the exchange is over.
    private var connection: (any RequestHandler)?
    /// The connection whose client has not taken the answer yet.
    private var answering: (any RequestHandler)?
    private var body: ByteBuffer?
    private var onBody: ((ByteBuffer) -> Void)?
    private var onAbort: ((AbortCause) -> Void)?
    private var abortCause: AbortCause?

    /// A box, so that who waits without a request does not take its place in memory.
    private final class Kept: Sendable {
        let request: ServerRequest

        init(_ request: ServerRequest) { self.request = request }
    }

    /// Why an exchange ended without an answer of the application.
    public enum AbortCause: Sendable, Hashable {
        /// The client is gone, or the server drops connections at the end of its shutdown.
        case disconnected
        /// The body is longer than allowed; the client got 413.
        case bodyTooLarge
        /// The body or the answer took too long; the client got 408 or 503.
        case timedOut
    }

    init(
        request: ServerRequest,
        route: Routes.ExchangeRoute?,
        isWebSocketRequest: Bool,
        isFromAllowedOrigin: Bool,
        connection: any RequestHandler
    ) {
        self.kept = Kept(request)
        self.route = route
        self.origin = request.head.headerFields[.origin]
        self.isWebSocketRequest = isWebSocketRequest
        self.isFromAllowedOrigin = isFromAllowedOrigin
        self.loop = connection.loop
        self.eventLoop = connection.loop.context.eventLoop
        self.connection = connection
    }

    /// True until it is answered or aborted. On the event loop only.
    public var isOpen: Bool {
        self.eventLoop.preconditionInEventLoop()
        return self.connection != nil
    }
}

// MARK: - For the application

extension HTTPExchange {
    /// Answers the request; does nothing if it was answered or aborted before. An answer that comes before the end of the
    /// request's body closes the connection.
    public func respond(_ response: ServerResponse) {
        self.onLoop { $0.finish()?.respond(response) }
    }

    /// Answers the request, as ``respond(_:)`` does.
    /// - Parameter taken: called on the event loop, once, when the client has taken the answer, but for what the connection
    ///   may keep, or its connection is gone; also if the exchange was over before.
    package func respond(_ response: ServerResponse, taken: @escaping @Sendable () -> Void) {
        self.onLoop { exchange in
            guard let connection = exchange.finish() else { return taken() }
            exchange.answering = connection
            connection.onResponseTaken = {
                exchange.answering = nil
                taken()
            }
            connection.respond(response)
        }
    }

    /// Closes the connection if its client has not taken the answer yet.
    package func abandonAnswer() {
        self.onLoop { $0.answering?.drop() }
    }

    /// Gives the head up: a request that waits for long takes little memory without it. ``request`` must not be asked for any
    /// more. On the event loop only.
    package func releaseRequest() {
        self.eventLoop.preconditionInEventLoop()
        self.kept = nil
        self.connection?.releaseRequest()
    }

    /// Opens the WebSocket that was asked for; does nothing if the exchange is over or asks for none.
    /// - Parameters:
    ///   - subprotocol: one of those the client offers, or nil for none.
    ///   - headerFields: extra fields of the 101 response.
    ///   - open: gets the connection, on its event loop, to set its callbacks.
    public func accept(
        subprotocol: String? = nil,
        headerFields: HTTPFields = [:],
        open: @escaping @Sendable (WebSocketConnection) -> Void
    ) {
        guard self.isWebSocketRequest else { return }
        self.onLoop {
            $0.finish()?.acceptExchange(subprotocol: subprotocol, headerFields: headerFields, open: open)
        }
    }

    /// Calls back with the whole body, at once if it is there. On the event loop only.
    public func onBody(_ callback: @escaping (ByteBuffer) -> Void) {
        self.eventLoop.preconditionInEventLoop()
        if let body = self.body.take() { return callback(body) }
        // One that is over has nobody to call, and the callback mostly has the exchange: each would keep the other.
        if self.connection != nil { self.onBody = callback }
    }

    /// Calls back if the exchange ends without an answer, at once if it has. On the event loop only.
    public func onAbort(_ callback: @escaping (AbortCause) -> Void) {
        self.eventLoop.preconditionInEventLoop()
        if let cause = self.abortCause { return callback(cause) }
        if self.connection != nil { self.onAbort = callback }
    }

    /// Runs a child task of the server's `run()`, on the event loop.
    public func run(_ body: @escaping @Sendable () async -> Void) {
        self.loop.submit(body)
    }

    package typealias TaskStarter = @Sendable (@escaping @Sendable () async -> Void) -> Void

    /// What ``run(_:)`` does, for whom the exchange does not live long enough.
    package var taskStarter: TaskStarter {
        let loop = self.loop
        return { loop.submit($0) }
    }
}

// MARK: - For the connection

extension HTTPExchange {
    func received(body: ByteBuffer) {
        guard self.connection != nil else { return }
        if let callback = self.onBody.take() { callback(body) } else { self.body = body }
    }

    func abort(_ cause: AbortCause) {
        guard self.connection != nil else { return }
        let callback = self.onAbort
        _ = self.finish()
        self.abortCause = cause
        callback?(cause)
    }

    /// Forgets all that the exchange no longer needs.
    private func finish() -> (any RequestHandler)? {
        self.onBody = nil
        self.onAbort = nil
        self.body = nil
        return self.connection.take()
    }

    private func onLoop(_ body: @escaping @Sendable (HTTPExchange) -> Void) {
        if self.eventLoop.inEventLoop { body(self) } else { self.eventLoop.execute { body(self) } }
    }
}
