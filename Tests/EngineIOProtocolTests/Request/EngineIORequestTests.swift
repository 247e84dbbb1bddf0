import Testing

@testable import EngineIOProtocol

@Suite struct EngineIORequestTests {
    private static let both: Set<EngineIOTransport> = [.polling, .webSocket]

    private func request(
        _ method: EngineIORequest.Method, _ query: String?, webSocket: Bool = false,
        transports: Set<EngineIOTransport> = both
    ) throws(EngineIOError) -> EngineIORequest {
        try EngineIORequest(method, query: query, isWebSocketRequest: webSocket, transports: transports)
    }

    @Test("What requests ask for")
    func valid() throws {
        #expect(try self.request(.get, "EIO=4&transport=polling&t=abc") == .handshake(.polling))
        #expect(try self.request(.get, "transport=websocket&EIO=4", webSocket: true) == .handshake(.webSocket))
        #expect(try self.request(.get, "EIO=4&transport=polling&sid=x") == .poll(sessionID: "x"))
        #expect(try self.request(.post, "EIO=4&transport=polling&sid=x&b64=1") == .push(sessionID: "x"))
        #expect(try self.request(.get, "EIO=4&transport=websocket&sid=x", webSocket: true) == .upgrade(sessionID: "x"))
        #expect(try self.request(.get, "EIO=4&transport=polling&sid=") == .handshake(.polling))
        #expect(try self.request(.get, "EIO=4&EIO=3&transport=polling&transport=x") == .handshake(.polling))
    }

    @Test(
        "What is wrong with a request, in the order in which the reference looks",
        arguments: [
            (.get, nil, false, .unknownTransport),
            (.get, "", false, .unknownTransport),
            (.get, "EIO=4", false, .unknownTransport),
            (.get, "EIO=4&transport", false, .unknownTransport),
            (.get, "EIO=4&transport=Polling", false, .unknownTransport),
            (.get, "EIO=4&transport=webtransport", false, .unknownTransport),
            (.post, "transport=abc", false, .unknownTransport),
            (.post, "EIO=4&transport=polling", false, .badHandshakeMethod),
            (.other, "EIO=4&transport=polling", false, .badHandshakeMethod),
            (.post, "EIO=4&transport=websocket", false, .badHandshakeMethod),
            (.get, "EIO=4&transport=websocket", false, .badRequest),
            (.get, "EIO=4&transport=polling", true, .badRequest),
            (.get, "EIO=4&transport=polling&sid=x", true, .badRequest),
            (.get, "EIO=4&transport=websocket&sid=x", false, .badRequest),
            (.other, "EIO=4&transport=polling&sid=x", false, .badRequest),
            (.get, "transport=polling", false, .unsupportedVersion),
            (.get, "EIO=3&transport=polling", false, .unsupportedVersion),
            (.get, "EIO=04&transport=polling", false, .unsupportedVersion),
            (.get, "eio=4&transport=websocket", true, .unsupportedVersion),
            (.get, "EIO=4&transport=polling&j=0", false, .badRequest("JSONP is not supported")),
        ] as [(EngineIORequest.Method, String?, Bool, EngineIOError)])
    func invalid(method: EngineIORequest.Method, query: String?, webSocket: Bool, error: EngineIOError) {
        #expect(throws: error) { try self.request(method, query, webSocket: webSocket) }
    }

    @Test("A transport that is not allowed is unknown")
    func disallowed() {
        #expect(throws: EngineIOError.unknownTransport) {
            try self.request(.get, "EIO=4&transport=polling", transports: [.webSocket])
        }
        #expect(throws: EngineIOError.unknownTransport) {
            try self.request(.get, "EIO=4&transport=websocket&sid=x", webSocket: true, transports: [.polling])
        }
    }

    @Test("Errors as they are on the wire")
    func bodies() {
        #expect(EngineIOError.unknownSession.body == #"{"code":1,"message":"Session ID unknown"}"#)
        #expect(EngineIOError.unknownSession.status == 400)
        #expect(EngineIOError.forbidden("go away").body == #"{"code":4,"message":"go away"}"#)
        #expect(EngineIOError.forbidden("go away").status == 403)
    }

    @Test("A message of the application can't break out of its string")
    func escapes() {
        let body = EngineIOError.forbidden("a\"b\\c\nd\u{1}é").body
        #expect(body == #"{"code":4,"message":"a\"b\\c\u000ad\u0001é"}"#)
    }
}
