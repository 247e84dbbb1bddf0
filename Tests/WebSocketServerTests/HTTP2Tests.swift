import Crypto
import HTTPTypes
import NIOCore
import NIOSSL
import Testing
import WebSocketClient
import WebSocketServer

@Suite("WebSocket over HTTP/2 (RFC 8441)", .timeLimit(.minutes(1)))
struct HTTP2Tests {
    private func serve(
        _ configure: (inout ServerConfiguration) throws -> Void = { $0.tls = try TestCertificate.localhost.server() },
        routes: (inout WebSocketServer) -> Void = { $0.echo() },
        _ body: (TestServer) async throws -> Void
    ) async throws {
        try await TestServer.run(configure: configure, routes: routes, body)
    }

    private func client(_ change: (inout ClientConfiguration) -> Void = { _ in }) throws -> WebSocketClient {
        try TestServer.client {
            $0.tls = try TestCertificate.localhost.client()
            change(&$0)
        }
    }

    private func echo(_ connection: WebSocketConnection, _ payload: ByteBuffer) async throws {
        try await connection.send(payload)
        for try await message in connection.messages {
            #expect(message.bytes == payload)
            return
        }
    }

    @Test(
        "With TLS it is chosen where both sides can, and WebSockets share a connection", .requirement(20, 241, 245, 251)
    )
    func shared() async throws {
        try await self.serve { server in
            let client = try self.client()
            var connections: [WebSocketConnection] = []
            for _ in 0..<5 { connections.append(try await client.connect(to: server.url(scheme: "wss"))) }
            for connection in connections {
                #expect(connection.handshake.httpVersion == .http2)
                #expect(connection.handshake.request.extendedConnectProtocol == "websocket")
                #expect(connection.handshake.response?.status.code == 200)
                try await self.echo(connection, ByteBuffer(repeating: 7, count: 300_000))
            }
            // The kernel's name of the connection is the same for all: they share it.
            #expect(Set(connections.compactMap { $0.handshake.remoteAddress?.port }).count == 1)
            for connection in connections { #expect(try await connection.close(code: 4000).wasClean) }
        }
    }

    @Test("Only HTTP/1.1, only HTTP/2, and HTTP/2 without TLS", .requirement(20, 241))
    func choice() async throws {
        try await self.serve { server in
            let one = try await self.client { $0.httpVersions = .http1 }.connect(to: server.url(scheme: "wss"))
            #expect(one.handshake.httpVersion == .http11)
            _ = try await one.close()
            let two = try await self.client { $0.httpVersions = .http2 }.connect(to: server.url(scheme: "wss"))
            #expect(two.handshake.httpVersion == .http2)
            _ = try await two.close()
        }
        try await self.serve { _ in
        } _: { server in
            let plain = try await self.client { $0.httpVersions = .http2 }.connect(to: server.url())
            #expect(plain.handshake.httpVersion == .http2)
            try await self.echo(plain, ByteBuffer(string: "hello"))
            _ = try await plain.close()
            let usual = try await self.client().connect(to: server.url())
            #expect(usual.handshake.httpVersion == .http11)
            _ = try await usual.close()
        }
    }

    @Test("A server that speaks HTTP/1.1 alone is spoken to in it, or the error says so", .requirement(20, 241))
    func withoutHTTP2() async throws {
        try await self.serve {
            $0.tls = try TestCertificate.localhost.server()
            $0.tls?.applicationProtocols = ["http/1.1"]
        } _: { server in
            let connection = try await self.client().connect(to: server.url(scheme: "wss"))
            #expect(connection.handshake.httpVersion == .http11)
            _ = try await connection.close()
            let error = await #expect(throws: ConnectError.self) {
                try await self.client { $0.httpVersions = .http2 }.connect(to: server.url(scheme: "wss"))
            }
            #expect(error?.reason == .http2Unavailable || error?.reason == .tls)
        }
    }

    @Test("The upgrade decision sees the version; its refusal is a whole response", .requirement(250))
    func decision() async throws {
        try await self.serve(routes: { server in
            server.webSocket("/") { request in
                guard request.httpVersion == .http2, request.isSecure else { return .accept }
                return .refuse(
                    ServerResponse(
                        status: .init(code: 402), headerFields: [.contentLanguage: "en"], text: "Not for free.\n"))
            } handler: { _ in
            }
        }) { server in
            let error = await #expect(throws: ConnectError.self) {
                try await self.client().connect(to: server.url(scheme: "wss"))
            }
            #expect(error?.response?.status.code == 402)
            #expect(error?.response?.headerFields[.contentLanguage] == "en")
            #expect(error.map { String(buffer: $0.body) } == "Not for free.\n")
        }
    }

    @Test("Compression and subprotocols are agreed on as over HTTP/1.1", .requirement(249, 255))
    func negotiation() async throws {
        try await self.serve {
            $0.tls = try TestCertificate.localhost.server()
            $0.connection.compression = CompressionConfiguration()
        } routes: { server in
            server.webSocket("/") { _ in
                .accept(subprotocol: "two")
            } handler: { connection in
                for try await message in connection.messages { try await connection.send(message) }
            }
        } _: { server in
            let client = try self.client {
                $0.subprotocols = ["one", "two"]
                $0.connection.compression = CompressionConfiguration()
            }
            try await client.withConnection(to: server.url(scheme: "wss")) { connection in
                #expect(connection.handshake.subprotocol == "two")
                #expect(connection.handshake.compression != nil)
                try await self.echo(connection, ByteBuffer(string: String(repeating: "again ", count: 5000)))
            }
        }
    }

    @Test("At shutdown the sockets of a connection are closed with 1001, and both know it", .requirement(258, 291))
    func shutdown() async throws {
        let outcomes = Mailbox<CloseOutcome>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await self.serve { server in
                let client = try self.client()
                for _ in 0..<3 {
                    let connection = try await client.connect(to: server.url(scheme: "wss"))
                    group.addTask { outcomes.put(await connection.closed) }
                }
            }
            for _ in 0..<3 {
                let outcome = try await outcomes.take()
                #expect(outcome.received?.code == .goingAway)
                #expect(outcome.wasClean)
            }
        }
    }

    @Test("A client certificate is asked for and seen; without one nobody gets in")
    func mutual() async throws {
        let authority = try TestCertificate.other.certificate()
        try await self.serve {
            $0.tls = try TestCertificate.localhost.server()
            $0.tls?.trustRoots = .certificates([authority])
            $0.tls?.certificateVerification = .noHostnameVerification
        } routes: { server in
            server.webSocket("/") { request in
                request.clientCertificate == authority ? .accept : .refuse(ServerResponse(status: .forbidden))
            } handler: { connection in
                for try await message in connection.messages { try await connection.send(message) }
            }
        } _: { server in
            for versions in [HTTPVersions.http1, .http2] {
                let own = try TestCertificate.other.server()
                let client = try self.client {
                    $0.httpVersions = versions
                    $0.tls.certificateChain = own.certificateChain
                    $0.tls.privateKey = own.privateKey
                }
                try await client.withConnection(to: server.url(scheme: "wss")) {
                    try await self.echo($0, ByteBuffer(string: "known"))
                }
                await #expect(throws: ConnectError.self) {
                    try await self.client { $0.httpVersions = versions }.connect(to: server.url(scheme: "wss"))
                }
            }
        }
    }

    @Test("A pinned key lets its owner through and nobody else, whatever the certificate", .requirement(19))
    func pinned() async throws {
        let key = try TestCertificate.localhost.certificate().extractPublicKey().toSPKIBytes()
        try await self.serve { server in
            let right = try #require(
                PublicKeyPin(
                    hexadecimal: SHA256.hash(data: key).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(
                        separator: ":")))
            _ = try await self.client { $0.pinnedKeys = [right] }.connect(to: server.url(scheme: "wss")).close()
            let wrong = PublicKeyPin(sha256: [UInt8](repeating: 1, count: 32))
            let error = await #expect(throws: ConnectError.self) {
                try await self.client { $0.pinnedKeys = [wrong] }.connect(to: server.url(scheme: "wss"))
            }
            #expect(error?.reason == .tls)
            #expect(error?.message.contains("pinnedKeys") == true)
        }
    }
}
