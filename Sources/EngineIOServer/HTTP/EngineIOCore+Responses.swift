internal import EngineIOProtocol
internal import HTTPTypes
internal import NIOCore
internal import WebSocketProtocol
internal import WebSocketServer

/// Responses as the JavaScript server writes them.
extension EngineIOCore {
    /// The answer to a GET: packets.
    func response(payload: ByteBuffer, for poll: Poll, gzip: GzipEncoder) -> ServerResponse {
        var fields = self.headerFields(for: poll.exchange, contentType: "text/plain; charset=UTF-8")
        var body = payload
        if let threshold = self.configuration.compressionThreshold, payload.readableBytes >= threshold,
            poll.acceptsGzip, let encoded = gzip.encode(payload)
        {
            fields[.contentEncoding] = "gzip"
            body = encoded
        }
        return ServerResponse(headerFields: fields, body: body)
    }

    /// The answer to the first GET: the first packet.
    func response(open: OpenPacket, for exchange: HTTPExchange) -> ServerResponse {
        var fields = self.headerFields(for: exchange, contentType: "text/plain; charset=UTF-8")
        if let cookie = self.configuration.cookie {
            fields[.setCookie] = cookie.fieldValue(sessionID: open.sessionID)
        }
        return ServerResponse(headerFields: fields, body: ByteBuffer(string: open.encoded))
    }

    /// The answer to a POST that was taken in. Clients compare it with "ok".
    func okResponse(for exchange: HTTPExchange) -> ServerResponse {
        ServerResponse(
            headerFields: self.headerFields(for: exchange, contentType: "text/html"), body: ByteBuffer(string: "ok"))
    }

    func response(_ error: EngineIOError, for exchange: HTTPExchange) -> ServerResponse {
        self.response(error, status: HTTPResponse.Status(code: error.status), for: exchange)
    }

    /// No place for a session, or no time.
    func unavailableResponse(_ message: String, for exchange: HTTPExchange) -> ServerResponse {
        self.response(.badRequest(message), status: .serviceUnavailable, for: exchange)
    }

    /// The application could not decide.
    func failureResponse(for exchange: HTTPExchange) -> ServerResponse {
        ServerResponse(
            status: .internalServerError,
            headerFields: self.headerFields(for: exchange, contentType: "text/plain; charset=UTF-8"),
            body: ByteBuffer(string: "The server failed.\n")
        )
    }

    private func response(
        _ error: EngineIOError, status: HTTPResponse.Status, for exchange: HTTPExchange
    ) -> ServerResponse {
        ServerResponse(
            status: status,
            headerFields: self.headerFields(for: exchange, contentType: "application/json"),
            body: ByteBuffer(string: error.body)
        )
    }

    func preflightResponse(_ cors: EngineIOCORS, for request: ServerRequest) -> ServerResponse {
        ServerResponse(status: .noContent, headerFields: cors.preflightHeaderFields(for: request.head))
    }

    private func headerFields(for exchange: HTTPExchange, contentType: String) -> HTTPFields {
        var fields = self.configuration.cors?.headerFields(for: exchange.origin) ?? [:]
        fields[.contentType] = contentType
        fields[.cacheControl] = "no-store"
        return fields
    }
}
