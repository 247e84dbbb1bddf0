import HTTPTypes
import Testing
import WebSocketProtocol

@Suite("Client handshake (§4.1)")
struct ClientHandshakeTests {
    private func handshake(
        _ url: String = "ws://server.example.com/chat",
        subprotocols: [String] = [],
        requiresSubprotocol: Bool = false,
        headerFields: HTTPFields = [:]
    ) throws -> ClientHandshake {
        let key: HandshakeKey = try #require(HandshakeKey(received: "dGhlIHNhbXBsZSBub25jZQ=="))
        return try ClientHandshake(
            url: WebSocketURL(url),
            key: key,
            subprotocols: subprotocols,
            requiresSubprotocol: requiresSubprotocol,
            headerFields: headerFields
        )
    }

    /// The response of §1.3, with some fields replaced; an empty list removes the field.
    private func response(
        status: HTTPResponse.Status = .switchingProtocols,
        replacing replacements: [HTTPField.Name: [String]] = [:]
    ) -> HTTPResponse {
        var response = HTTPResponse(status: status)
        response.headerFields = HTTPFields()
        response.headerFields[.upgrade] = "websocket"
        response.headerFields[.connection] = "Upgrade"
        response.headerFields[.secWebSocketAccept] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        for (name, values) in replacements { response.headerFields[values: name] = values }
        return response
    }

    private func expect(
        _ failure: HandshakeFailure,
        replacing replacements: [HTTPField.Name: [String]],
        of handshake: ClientHandshake,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: failure, "\(replacements)", sourceLocation: sourceLocation) {
            try handshake.validate(self.response(replacing: replacements))
        }
    }

    // MARK: The request

    @Test(
        "The request is GET with the fields of §4.1, each once",
        .requirement(23, 24, 25, 26, 27, 28, 29, 33, 40, 41, 267)
    )
    func request() throws {
        let request = try self.handshake().request
        #expect(request.method == .get)
        #expect(request.authority == "server.example.com")
        #expect(request.path == "/chat")
        #expect(
            request.headerFields
                == headerFields(
                    (.upgrade, "websocket"),
                    (.connection, "Upgrade"),
                    (.secWebSocketKey, "dGhlIHNhbXBsZSBub25jZQ=="),
                    (.secWebSocketVersion, "13")
                )
        )
    }

    @Test("Host names the port only where it is not the default", .requirement(25, 26))
    func authority() throws {
        let cases: [(url: String, authority: String, path: String)] = [
            ("ws://a:80/x?y", "a", "/x?y"), ("wss://a:443", "a", "/"), ("wss://a:80", "a:80", "/"),
            ("ws://[::1]:9001/", "[::1]:9001", "/"),
        ]
        for (url, authority, path) in cases {
            let request = try self.handshake(url).request
            #expect(request.authority == authority && request.path == path, "\(url)")
        }
    }

    @Test("Subprotocols are listed in order of preference", .requirement(34))
    func subprotocols() throws {
        let request = try self.handshake(subprotocols: ["superchat", "chat"]).request
        #expect(request.headerFields[values: .secWebSocketProtocol] == ["superchat, chat"])
        #expect(try self.handshake().request.headerFields[values: .secWebSocketProtocol].isEmpty)
    }

    @Test(
        "A subprotocol that is no token can't be sent",
        .requirement(35),
        arguments: ["", "a b", "a,b", "a/b", "ä", "a\r\nX: y", "a\u{0}", "\u{7F}", "\"a\"", "a;b", "a=b", "\u{212A}"]
    )
    func badSubprotocol(name: String) {
        #expect(throws: HandshakeArgumentError.invalidSubprotocol(name)) {
            try self.handshake(subprotocols: ["ok", name])
        }
    }

    @Test("A subprotocol listed twice can't be sent; case tells two apart", .requirement(35))
    func duplicateSubprotocol() throws {
        #expect(throws: HandshakeArgumentError.duplicateSubprotocol("a")) {
            try self.handshake(subprotocols: ["a", "b", "a"])
        }
        _ = try self.handshake(subprotocols: ["a", "A"])
    }

    @Test("Origin, cookies and credentials may be added", .requirement(32, 37))
    func extraFields() throws {
        let extra = headerFields((.origin, "https://a"), (.cookie, "a=b"), (.authorization, "Bearer x"))
        let fields = try self.handshake(headerFields: extra).request.headerFields
        #expect(fields[.origin] == "https://a" && fields[.cookie] == "a=b" && fields[.authorization] == "Bearer x")
    }

    @Test(
        "Fields of the handshake and of framing can't be overridden",
        .requirement(38, 40, 41),
        arguments: [
            "Host", "UPGRADE", "connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol",
            "Sec-WebSocket-Extensions", "sec-websocket-x", "Content-Length", "Transfer-Encoding",
        ]
    )
    func reservedFields(name: String) throws {
        let field = try #require(HTTPField.Name(name))
        #expect(throws: HandshakeArgumentError.reservedField(field)) {
            try self.handshake(headerFields: headerFields((field, "x")))
        }
    }

    @Test(
        "Class 14: header injection. A value with line breaks stays one line, and no name can break out",
        .requirement(22, 38))
    func injection() throws {
        let name = try #require(HTTPField.Name("X-Name"))
        let request = try self.handshake(headerFields: headerFields((name, "a\r\nHost: evil\u{0}"))).request
        #expect(request.headerFields.allSatisfy { $0.value.utf8.allSatisfy(\.isFieldValueByte) })
        for text in ["", "a b", "a:b", "a\r\nb", "a\u{0}", ":path", "ä"] { #expect(HTTPField.Name(text) == nil) }
    }

    @Test("User and password of the URL become Basic credentials", .requirement(37, 56))
    func basic() throws {
        let fields = try self.handshake("ws://Aladdin:open%20sesame@a").request.headerFields
        #expect(fields[values: .authorization] == ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="])
        #expect(try self.handshake("ws://user@a").request.headerFields[.authorization] == "Basic dXNlcjo=")
        #expect(try self.handshake("ws://@a").request.headerFields[.authorization] == nil)
        let own = headerFields((.authorization, "Bearer x"))
        let overridden = try self.handshake("ws://u:p@a", headerFields: own).request.headerFields
        #expect(overridden[values: .authorization] == ["Bearer x"])
        #expect(try self.handshake().request.headerFields[.authorization] == nil)
    }

    @Test("Errors of the application describe themselves in one line")
    func argumentErrors() {
        let errors: [HandshakeArgumentError] = [
            .reservedField(.upgrade), .invalidSubprotocol("a\nb"), .duplicateSubprotocol("a"),
            .subprotocolNotOffered("a", offered: ["b"]),
        ]
        for error in errors {
            #expect(!error.description.isEmpty && !error.description.contains("\n"))
        }
    }

    // MARK: The response

    @Test("The RFC's response (§1.3) is accepted", .requirement(43, 44, 45, 268))
    func accepted() throws {
        #expect(try self.handshake().validate(self.response()).subprotocol == nil)
    }

    @Test(
        "Any status but 101 is no agreement", .requirement(42),
        arguments: [100, 200, 204, 301, 400, 401, 404, 426, 500])
    func status(code: Int) throws {
        let handshake = try self.handshake()
        #expect(throws: HandshakeFailure.notSwitchingProtocols) {
            try handshake.validate(self.response(status: HTTPResponse.Status(code: code)))
        }
    }

    @Test("Upgrade must be websocket, without case", .requirement(43, 271))
    func upgrade() throws {
        let handshake = try self.handshake()
        for value in ["WebSocket", "WEBSOCKET"] {
            _ = try handshake.validate(self.response(replacing: [.upgrade: [value]]))
        }
        for values in [[], [""], ["h2c"], ["websockets"], ["web"], ["websocket, h2c"], ["websocket", "websocket"]] {
            self.expect(.upgrade, replacing: [.upgrade: values], of: handshake)
        }
    }

    @Test("Connection must list Upgrade, without case", .requirement(44))
    func connection() throws {
        let handshake = try self.handshake()
        for values in [["upgrade"], ["UPGRADE"], ["keep-alive, Upgrade"], ["keep-alive", "Upgrade"]] {
            _ = try handshake.validate(self.response(replacing: [.connection: values]))
        }
        for values in [[], [""], ["close"], ["upgraded"], ["Up-grade"]] {
            self.expect(.connection, replacing: [.connection: values], of: handshake)
        }
    }

    @Test("Sec-WebSocket-Accept must answer our key, once and byte for byte", .requirement(45, 46))
    func accept() throws {
        let handshake = try self.handshake()
        let right = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        _ = try handshake.validate(self.response(replacing: [.secWebSocketAccept: [" \(right)\t"]]))
        self.expect(.acceptMissing, replacing: [.secWebSocketAccept: []], of: handshake)
        self.expect(.acceptRepeated, replacing: [.secWebSocketAccept: [right, right]], of: handshake)
        for value in [
            "", "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo", "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=",
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo==", "dGhlIHNhbXBsZSBub25jZQ==", "\(right), \(right)",
            // The Kelvin sign, which Unicode holds equal to the letter K.
            "s3pPLMBiTxaQ9kYGzzhZRb\u{212A}+xOo=",
        ] {
            self.expect(.acceptMismatch, replacing: [.secWebSocketAccept: [value]], of: handshake)
        }
    }

    @Test("An extension that was not offered fails, on whichever line", .requirement(47, 51))
    func extensions() throws {
        let handshake = try self.handshake()
        for values in [["permessage-deflate"], ["x", "y"], ["", "permessage-deflate"], ["foo; bar=1"]] {
            self.expect(.extensionNotOffered, replacing: [.secWebSocketExtensions: values], of: handshake)
        }
    }

    @Test("The chosen subprotocol must be one of ours, byte for byte", .requirement(48, 49, 52))
    func subprotocol() throws {
        let handshake = try self.handshake(subprotocols: ["chat", "K"])
        #expect(try handshake.validate(self.response(replacing: [.secWebSocketProtocol: ["K"]])).subprotocol == "K")
        // The last one is the Kelvin sign, which Unicode holds equal to the letter K.
        for value in ["Chat", "other", "", "chat, K", "chat,", "\u{212A}"] {
            self.expect(.subprotocolNotOffered, replacing: [.secWebSocketProtocol: [value]], of: handshake)
        }
        self.expect(.subprotocolRepeated, replacing: [.secWebSocketProtocol: ["chat", "chat"]], of: handshake)
        self.expect(.subprotocolRepeated, replacing: [.secWebSocketProtocol: ["chat", "K"]], of: handshake)
        try self.expect(.subprotocolNotOffered, replacing: [.secWebSocketProtocol: ["chat"]], of: self.handshake())
    }

    @Test("A server that chooses no subprotocol fails only where one is required", .requirement(50))
    func requiredSubprotocol() throws {
        #expect(try self.handshake(subprotocols: ["a"]).validate(self.response()).subprotocol == nil)
        try self.expect(
            .subprotocolMissing,
            replacing: [:],
            of: self.handshake(subprotocols: ["a"], requiresSubprotocol: true)
        )
        #expect(try self.handshake(requiresSubprotocol: true).validate(self.response()).subprotocol == nil)
    }

    @Test("Client and server agree with each other", .requirement(45, 52, 87))
    func agreement() throws {
        for last in UInt8.min...UInt8.max {
            let nonce = (0..<15).map { last &* 3 &+ $0 } + [last]
            let key: HandshakeKey = try #require(HandshakeKey(nonce: nonce))
            let client = try ClientHandshake(
                url: WebSocketURL("ws://a"),
                key: key,
                subprotocols: ["x", "y"]
            )
            guard case .valid(let offer) = ServerHandshake.evaluate(client.request, version: .http11, hasBody: false)
            else {
                Issue.record("\(client.request)")
                return
            }
            let response = try ServerHandshake.accept(offer, subprotocol: "y", headerFields: [:]).response
            #expect(try client.validate(response).subprotocol == "y")
        }
    }
}
