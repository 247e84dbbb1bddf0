import HTTPTypes
import NIOCore
import NIOSSL
import Testing
import WebSocketClient
import WebSocketServer

@Suite("Redirections and credentials (RFC 9110 §15.4, §11)", .timeLimit(.minutes(1)))
struct RedirectTests {
    /// `/go` redirects to `location`; `/in` wants `authorization` and tells the cookie.
    private func serve(location: String, _ body: (TestServer) async throws -> Void) async throws {
        try await TestServer.run(
            routes: { server in
                server.webSocket("/go") { _ in
                    .refuse(ServerResponse(status: .found, headerFields: [.location: location]))
                } handler: { _ in
                }
                server.webSocket("/in") { request in
                    let fields = request.head.headerFields
                    let seen = "\(fields[.authorization] ?? "-") \(fields[.cookie] ?? "-")"
                    return .refuse(ServerResponse(status: .init(code: 418), text: seen))
                } handler: { _ in
                }
            }, body)
    }

    private func refusal(_ url: String, redirects: Int, _ change: (inout ClientConfiguration) -> Void = { _ in }) async
        -> ConnectError?
    {
        await #expect(throws: ConnectError.self) {
            try await TestServer.client {
                $0.maximumRedirectCount = redirects
                $0.headerFields = [.cookie: "a=b"]
                change(&$0)
            }.connect(to: url)
        }
    }

    @Test("Off by default; followed if allowed, with credentials only to the same origin", .requirement(55, 56))
    func following() async throws {
        try await self.serve(location: "/in") { server in
            let plain = await self.refusal(server.url("/go"), redirects: 0)
            #expect(plain?.response?.status.code == 302)
            #expect(plain?.redirects == [])
            let followed = await self.refusal(server.url("/go"), redirects: 1) { $0.credentials = .bearer("token") }
            #expect(followed?.response?.status.code == 418)
            #expect(followed.map { String(buffer: $0.body) } == "Bearer token a=b")
            #expect(followed?.redirects == [server.url("/in")])
            try await self.serve(location: server.url("/in")) { other in
                let elsewhere = await self.refusal(other.url("/go"), redirects: 5) {
                    $0.credentials = .basic(user: "Aladdin", password: "open sesame")
                }
                #expect(elsewhere.map { String(buffer: $0.body) } == "- -")
            }
        }
    }

    @Test("The certificate of the client is for the origin that was asked for, not for another", .requirement(55))
    func certificate() async throws {
        let own = try TestCertificate.other.server()
        let authority = try TestCertificate.other.certificate()
        try await TestServer.run {
            $0.tls = try TestCertificate.localhost.server()
            $0.tls?.trustRoots = .certificates([authority])
            $0.tls?.certificateVerification = .optionalVerification
        } routes: { server in
            server.webSocket("/stay") { _ in }
            server.webSocket("/who") { request in
                .refuse(
                    ServerResponse(
                        status: .init(code: 418), text: request.clientCertificate == nil ? "nobody" : "known"))
            } handler: { _ in
            }
        } _: { server in
            try await TestServer.run {
                $0.tls = try TestCertificate.localhost.server()
            } routes: { other in
                other.webSocket("/go") { _ in
                    .refuse(
                        ServerResponse(status: .found, headerFields: [.location: server.url("/who", scheme: "wss")]))
                } handler: { _ in
                }
            } _: { other in
                for versions in [HTTPVersions.http1, .http2] {
                    let client = try TestServer.client {
                        $0.tls = try TestCertificate.localhost.client()
                        $0.tls.certificateChain = own.certificateChain
                        $0.tls.privateKey = own.privateKey
                        $0.httpVersions = versions
                        $0.maximumRedirectCount = 1
                    }
                    // Over HTTP/2 there is a connection on which we are known.
                    try await client.withConnection(to: server.url("/stay", scheme: "wss")) { _ in
                        let asked = await #expect(throws: ConnectError.self) {
                            try await client.connect(to: server.url("/who", scheme: "wss"))
                        }
                        #expect(asked.map { String(buffer: $0.body) } == "known")
                        let sent = await #expect(throws: ConnectError.self) {
                            try await client.connect(to: other.url("/go", scheme: "wss"))
                        }
                        #expect(sent.map { String(buffer: $0.body) } == "nobody")
                    }
                }
            }
        }
    }

    @Test("Basic credentials are those of RFC 7617", .requirement(56))
    func basic() async throws {
        try await self.serve(location: "/") { server in
            let error = await self.refusal(server.url("/in"), redirects: 0) {
                $0.credentials = .basic(user: "Aladdin", password: "open sesame")
            }
            #expect(error.map { String(buffer: $0.body) } == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== a=b")
        }
    }

    @Test(
        "Class 15: redirection. Loops end, and nothing leads out of TLS or to a socket of this machine",
        .requirement(55))
    func refusals() async throws {
        try await self.serve(location: "/go") { server in
            let loop = await self.refusal(server.url("/go"), redirects: 4)
            #expect(loop?.response?.status.code == 302)
            #expect(loop?.redirects.count == 4)
        }
        try await self.serve(location: "ws+unix:///run/secret.sock") { server in
            let socket = await self.refusal(server.url("/go"), redirects: 4)
            #expect(socket?.message.contains("Unix socket") == true)
        }
        try await TestServer.run(
            configure: { $0.tls = try TestCertificate.localhost.server() },
            routes: { server in
                server.webSocket("/go") { _ in
                    .refuse(ServerResponse(status: .permanentRedirect, headerFields: [.location: "ws://127.0.0.1:1/"]))
                } handler: { _ in
                }
            }
        ) { server in
            let tls = try TestCertificate.localhost.client()
            let error = await self.refusal(server.url("/go", scheme: "wss"), redirects: 4) { $0.tls = tls }
            #expect(error?.message.contains("from wss: to ws:") == true)
        }
    }
}
