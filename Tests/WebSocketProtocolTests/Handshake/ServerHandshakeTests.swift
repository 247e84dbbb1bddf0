import HTTPTypes
import Testing
import WebSocketProtocol

@Suite("Server handshake (§4.2)")
struct ServerHandshakeTests {
    /// The request of §1.3, with some fields replaced; an empty list removes the field.
    private func request(
        method: HTTPRequest.Method = .get,
        replacing replacements: [HTTPField.Name: [String]] = [:]
    ) -> HTTPRequest {
        var request = HTTPRequest(method: method, scheme: "http", authority: "server.example.com", path: "/chat")
        request.headerFields = headerFields(
            (.upgrade, "websocket"),
            (.connection, "Upgrade"),
            (.secWebSocketKey, "dGhlIHNhbXBsZSBub25jZQ=="),
            (.origin, "http://example.com"),
            (.secWebSocketProtocol, "chat, superchat"),
            (.secWebSocketVersion, "13")
        )
        for (name, values) in replacements { request.headerFields[values: name] = values }
        return request
    }

    private func evaluate(
        _ request: HTTPRequest,
        version: HTTPProtocolVersion = .http11,
        hasBody: Bool = false
    ) -> ServerHandshake.Evaluation {
        ServerHandshake.evaluate(request, version: version, hasBody: hasBody)
    }

    private func offer(_ request: HTTPRequest) throws -> ClientOffer {
        guard case .valid(let offer) = self.evaluate(request) else {
            Issue.record("\(self.evaluate(request))")
            throw CancellationError()
        }
        return offer
    }

    private func refusal(_ request: HTTPRequest, hasBody: Bool = false) throws -> HandshakeRefusal {
        guard case .refused(let refusal) = self.evaluate(request, hasBody: hasBody) else {
            Issue.record("\(self.evaluate(request, hasBody: hasBody))")
            throw CancellationError()
        }
        return refusal
    }

    // MARK: Reading the request

    @Test("The RFC's request (§1.3) is valid", .requirement(58, 59, 61, 62, 63, 65, 67))
    func example() throws {
        let offer = try self.offer(self.request())
        #expect(offer.key?.value == "dGhlIHNhbXBsZSBub25jZQ==")
        #expect(offer.subprotocols == ["chat", "superchat"])
        #expect(offer.origin == "http://example.com")
    }

    @Test("A request without Upgrade: websocket is served as HTTP", .requirement(61))
    func notAnUpgrade() {
        for values in [[], ["h2c"], ["websockets"], ["web socket"], ["websocket/13"], ["h2c, foo"], [""]] {
            #expect(self.evaluate(self.request(replacing: [.upgrade: values])) == .notAnUpgrade)
        }
    }

    @Test("Upgrade in an HTTP/1.0 request is ignored (RFC 9110 §7.8)", .requirement(59, 270))
    func http10() {
        #expect(self.evaluate(self.request(), version: .http10) == .notAnUpgrade)
    }

    @Test("Upgrade is compared without case, as a list", .requirement(61, 271))
    func upgradeTokens() throws {
        for values in [["WebSocket"], ["WEBSOCKET"], ["h2c, websocket"], ["h2c", "websocket"], ["h2c ,\tWebSocket ,"]] {
            _ = try self.offer(self.request(replacing: [.upgrade: values]))
        }
    }

    @Test("Connection is compared without case, as a list over all its lines", .requirement(62))
    func connectionTokens() throws {
        for values in [["upgrade"], ["UPGRADE"], ["keep-alive, Upgrade"], ["keep-alive", "upgrade"], [",Upgrade,"]] {
            _ = try self.offer(self.request(replacing: [.connection: values]))
        }
        for values in [[], [""], ["keep-alive"], ["upgraded"], ["Up grade"]] {
            let refusal = try self.refusal(self.request(replacing: [.connection: values]))
            #expect(refusal.response.status == .badRequest)
            #expect(refusal.body.contains("Connection"))
        }
    }

    @Test(
        "A method other than GET gets 405 and Allow", .requirement(59),
        arguments: [.post, .put, .head, .connect, .options] as [HTTPRequest.Method])
    func method(method: HTTPRequest.Method) throws {
        let refusal = try self.refusal(self.request(method: method))
        #expect(refusal.response.status == .methodNotAllowed)
        #expect(refusal.response.headerFields == [.allow: "GET"])
    }

    @Test("A lower-case get is another method")
    func methodCase() throws {
        let method = try #require(HTTPRequest.Method("get"))
        #expect(try self.refusal(self.request(method: method)).response.status == .methodNotAllowed)
    }

    @Test("Class 13: request smuggling. A request with a body gets 400 and the connection ends", .requirement(70, 91))
    func body() throws {
        let refusal = try self.refusal(self.request(), hasBody: true)
        #expect(refusal.response.status == .badRequest)
        #expect(refusal.closesConnection)
        #expect(try !self.refusal(self.request(replacing: [.secWebSocketKey: []])).closesConnection)
    }

    @Test("A body without an upgrade is none of our business")
    func bodyOfPlainRequest() {
        #expect(self.evaluate(self.request(replacing: [.upgrade: []]), hasBody: true) == .notAnUpgrade)
    }

    @Test("Another version gets 426 with the version spoken here and Upgrade (§4.4)", .requirement(65, 78, 79, 274))
    func version() throws {
        for version in ["0", "7", "8", "12", "14", "013", "13.0", "13, 8", "8, 13", "", "255", "１３"] {
            let refusal = try self.refusal(self.request(replacing: [.secWebSocketVersion: [version]]))
            #expect(refusal.response.status == .upgradeRequired)
            #expect(refusal.response.headerFields[.secWebSocketVersion] == "13")
            #expect(refusal.response.headerFields[.upgrade] == "websocket")
            #expect(refusal.response.headerFields[.connection] == "Upgrade")
            #expect(!refusal.closesConnection)
        }
    }

    @Test("A missing or repeated version gets 400", .requirement(41, 65), arguments: [[], ["13", "13"], ["13", "8"]])
    func versionCount(values: [String]) throws {
        let refusal = try self.refusal(self.request(replacing: [.secWebSocketVersion: values]))
        #expect(refusal.response.status == .badRequest)
        #expect(refusal.body.contains("Sec-WebSocket-Version"))
    }

    @Test(
        "A missing, repeated or malformed key gets 400",
        .requirement(40, 58, 63),
        arguments: [
            [], ["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="], [""], ["AAAA"], ["dGhlIHNhbXBsZSBub25jZQ"],
            ["dGhlIHNhbXBsZSBub25jZTA="], ["dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=="],
            ["dGhlIHNhbXBsZSBub25jZ_=="],
        ]
    )
    func key(values: [String]) throws {
        let refusal = try self.refusal(self.request(replacing: [.secWebSocketKey: values]))
        #expect(refusal.response.status == .badRequest)
        #expect(refusal.body.contains("Sec-WebSocket-Key"))
    }

    @Test("A key whose pad bits are not zero is accepted (erratum 3150)", .requirement(64))
    func padBits() throws {
        let offer = try self.offer(self.request(replacing: [.secWebSocketKey: ["AQIDBAUGBwgJCgsMDQ4PEC=="]]))
        #expect(offer.key?.value == "AQIDBAUGBwgJCgsMDQ4PEC==")
    }

    @Test("Subprotocols may be spread over several lines and keep their order", .requirement(67, 68))
    func subprotocols() throws {
        let cases: [(values: [String], expected: [String])] = [
            ([], []), (["a"], ["a"]), (["b, a", "c"], ["b", "a", "c"]), (["a,,b ,"], ["a", "b"]),
            (["chat", "Chat"], ["chat", "Chat"]),
        ]
        for (values, expected) in cases {
            #expect(try self.offer(self.request(replacing: [.secWebSocketProtocol: values])).subprotocols == expected)
        }
    }

    @Test(
        "Subprotocols that are empty, repeated or no tokens get 400",
        .requirement(58),
        arguments: [[""], [","], ["a, a"], ["a", "a"], ["a b"], ["a/b"], ["ä"], ["a;b"], ["\"a\""], ["a, b, a"]]
    )
    func badSubprotocols(values: [String]) throws {
        let refusal = try self.refusal(self.request(replacing: [.secWebSocketProtocol: values]))
        #expect(refusal.response.status == .badRequest)
        #expect(refusal.body.contains("Sec-WebSocket-Protocol"))
    }

    @Test("A request without Origin does not come from a page; two origins get 400", .requirement(66))
    func origins() throws {
        #expect(try self.offer(self.request(replacing: [.origin: []])).origin == nil)
        #expect(try self.offer(self.request(replacing: [.origin: ["null"]])).origin == "null")
        let refusal = try self.refusal(self.request(replacing: [.origin: ["http://a", "http://a"]]))
        #expect(refusal.response.status == .badRequest)
    }

    @Test("Unknown fields and extensions are ignored", .requirement(67, 69))
    func unknownFields() throws {
        var request = self.request()
        request.headerFields.append(HTTPField(name: try #require(HTTPField.Name("X-Anything")), value: "1"))
        request.headerFields[.secWebSocketExtensions] = "permessage-deflate; client_max_window_bits, x-unknown"
        request.headerFields[.cookie] = "a=b"
        let offer = try self.offer(request)
        #expect(offer.key == (try self.offer(self.request()).key))
        let response = try ServerHandshake.accept(offer, subprotocol: nil, headerFields: [:]).response
        #expect(response.headerFields[.secWebSocketExtensions] == nil)
    }

    @Test("A refused origin gets 403, a plain request for a WebSocket path 426", .requirement(75, 79, 183, 274))
    func otherRefusals() {
        #expect(HandshakeRefusal.originNotAllowed.response.status == .forbidden)
        let upgrade = HandshakeRefusal.upgradeRequired(.http11)
        #expect(upgrade.response.status == .upgradeRequired)
        #expect(upgrade.response.headerFields[.upgrade] == "websocket")
        #expect(upgrade.response.headerFields[.connection] == "Upgrade")
        #expect(!upgrade.closesConnection)
    }

    @Test("A refusal tells nothing of the request's own bytes")
    func noEcho() throws {
        let secret = "evil\u{1B}[2J<script>"
        for name: HTTPField.Name in [.connection, .secWebSocketKey, .secWebSocketVersion, .secWebSocketProtocol] {
            let refusal = try self.refusal(self.request(replacing: [name: [secret]]))
            #expect(!refusal.body.contains("evil"))
            #expect(refusal.response.headerFields.allSatisfy { !$0.value.contains("evil") })
        }
    }

    // MARK: Writing the response

    @Test("The answer is the RFC's (§1.3)", .requirement(84, 85, 86, 87, 88, 267, 268))
    func accept() throws {
        let offer = try self.offer(self.request())
        let response = try ServerHandshake.accept(offer, subprotocol: "chat", headerFields: [:]).response
        #expect(response.status == .switchingProtocols)
        #expect(
            response.headerFields
                == headerFields(
                    (.upgrade, "websocket"),
                    (.connection, "Upgrade"),
                    (.secWebSocketAccept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
                    (.secWebSocketProtocol, "chat")
                )
        )
    }

    @Test("Without an agreed subprotocol the field is left out", .requirement(82))
    func noSubprotocol() throws {
        let response = try ServerHandshake.accept(self.offer(self.request()), subprotocol: nil, headerFields: [:])
            .response
        #expect(response.headerFields[values: .secWebSocketProtocol].isEmpty)
    }

    @Test("No extension is ever agreed to, offered or not", .requirement(83))
    func noExtensions() throws {
        let request = self.request(replacing: [.secWebSocketExtensions: ["permessage-deflate"]])
        let response = try ServerHandshake.accept(self.offer(request), subprotocol: nil, headerFields: [:]).response
        #expect(response.headerFields[values: .secWebSocketExtensions].isEmpty)
    }

    @Test("A subprotocol must be one of the offered, byte for byte", .requirement(81, 269))
    func subprotocolNotOffered() throws {
        let offer = try self.offer(self.request(replacing: [.secWebSocketProtocol: ["chat, K"]]))
        // The last one is the Kelvin sign, which Unicode holds equal to the letter K.
        for name in ["Chat", "superchat", "", "cha", "chat, K", "\u{212A}"] {
            #expect(throws: HandshakeArgumentError.subprotocolNotOffered(name, offered: ["chat", "K"])) {
                try ServerHandshake.accept(offer, subprotocol: name, headerFields: [:])
            }
        }
    }

    @Test("Extra fields follow those of the handshake, in order and repeated", .requirement(88))
    func extraFields() throws {
        let extra = headerFields((.setCookie, "a=1"), (.setCookie, "b=2"), (.server, "martlet"))
        let response = try ServerHandshake.accept(self.offer(self.request()), subprotocol: nil, headerFields: extra)
            .response
        #expect(response.headerFields[values: .setCookie] == ["a=1", "b=2"])
        #expect(response.headerFields[.server] == "martlet")
        #expect(response.headerFields.count == 6)
    }

    @Test(
        "Fields of the handshake and of framing can't be set by the application",
        .requirement(92),
        arguments: [
            "Upgrade", "connection", "HOST", "Content-Length", "Transfer-Encoding", "Sec-WebSocket-Accept",
            "Sec-WebSocket-Protocol", "sec-websocket-extensions", "Sec-WebSocket-Anything",
        ]
    )
    func reservedFields(name: String) throws {
        let field = try #require(HTTPField.Name(name))
        let offer = try self.offer(self.request())
        #expect(throws: HandshakeArgumentError.reservedField(field)) {
            try ServerHandshake.accept(offer, subprotocol: nil, headerFields: headerFields((field, "x")))
        }
    }

    @Test("A value with line breaks stays one line", .requirement(92))
    func injection() throws {
        let name = try #require(HTTPField.Name("X-Name"))
        let extra = headerFields((name, "a\r\nSet-Cookie: b\u{0}c"))
        let response = try ServerHandshake.accept(self.offer(self.request()), subprotocol: nil, headerFields: extra)
            .response
        #expect(response.headerFields.allSatisfy { $0.value.utf8.allSatisfy(\.isFieldValueByte) })
        for text in ["", "a b", "a:b", "a\r\nb", "a\u{0}", ":path", "ä"] { #expect(HTTPField.Name(text) == nil) }
    }
}
