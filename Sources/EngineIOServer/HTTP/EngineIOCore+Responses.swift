internal import EngineIOProtocol
internal import HTTPTypes
internal import NIOCore
internal import WebSocketProtocol
internal import WebSocketServer

/// Responses as the JavaScript server writes them.
extension EngineIOCore {
    /// The answer to a GET: packets.
    func response(payload: ByteBuffer, for request: ServerRequest, gzip: GzipEncoder) -> ServerResponse {
        var fields = self.headerFields(for: request, contentType: "text/plain; charset=UTF-8")
        var body = payload
        if let threshold = self.configuration.compressionThreshold, payload.readableBytes >= threshold,
            request.head.headerFields.acceptsGzip, let encoded = gzip.encode(payload)
        {
            fields[.contentEncoding] = "gzip"
            body = encoded
        }
        return ServerResponse(headerFields: fields, body: body)
    }

    /// The answer to the first GET: the first packet.
    func response(open: OpenPacket, for request: ServerRequest) -> ServerResponse {
        var fields = self.headerFields(for: request, contentType: "text/plain; charset=UTF-8")
        if let cookie = self.configuration.cookie {
            fields[.setCookie] = cookie.fieldValue(sessionID: open.sessionID)
        }
        return ServerResponse(headerFields: fields, body: ByteBuffer(string: open.encoded))
    }

    /// The answer to a POST that was taken in. Clients compare it with "ok".
    func okResponse(for request: ServerRequest) -> ServerResponse {
        ServerResponse(
            headerFields: self.headerFields(for: request, contentType: "text/html"), body: ByteBuffer(string: "ok"))
    }

    func response(_ error: EngineIOError, for request: ServerRequest) -> ServerResponse {
        self.response(error, status: HTTPResponse.Status(code: error.status), for: request)
    }

    /// No place for a session, or no time.
    func unavailableResponse(_ message: String, for request: ServerRequest) -> ServerResponse {
        self.response(.badRequest(message), status: .serviceUnavailable, for: request)
    }

    private func response(
        _ error: EngineIOError, status: HTTPResponse.Status, for request: ServerRequest
    ) -> ServerResponse {
        ServerResponse(
            status: status,
            headerFields: self.headerFields(for: request, contentType: "application/json"),
            body: ByteBuffer(string: error.body)
        )
    }

    func preflightResponse(_ cors: EngineIOCORS, for request: ServerRequest) -> ServerResponse {
        ServerResponse(status: .noContent, headerFields: cors.preflightHeaderFields(for: request.head))
    }

    private func headerFields(for request: ServerRequest, contentType: String) -> HTTPFields {
        var fields = self.configuration.cors?.headerFields(for: request.head.headerFields[.origin]) ?? [:]
        fields[.contentType] = contentType
        fields[.cacheControl] = "no-store"
        return fields
    }
}

extension HTTPFields {
    /// True if the client takes gzip (RFC 9110 §12.5.3).
    fileprivate var acceptsGzip: Bool {
        self.listMembers(of: .acceptEncoding).contains { member in
            let parts = member.split(separator: ";").map { $0.trimmingOptionalWhitespace() }
            guard let coding = parts.first, coding.equalsIgnoringASCIICase("gzip") else { return false }
            // A weight of zero, in whatever number of digits, means no.
            return !parts.dropFirst().contains { weight in
                let value = weight.utf8.drop { $0 != UInt8(ascii: "=") }.dropFirst()
                return !value.contains { (UInt8(ascii: "1")...UInt8(ascii: "9")).contains($0) }
            }
        }
    }
}
