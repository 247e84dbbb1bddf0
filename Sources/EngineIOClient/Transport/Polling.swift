internal import AsyncHTTPClient
internal import EngineIOProtocol
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypesHTTP1
internal import WebSocketClient
internal import WebSocketNIO
internal import WebSocketProtocol

/// The requests that carry a session: at most one GET and one POST at a time.
struct Polling: Sendable {
    let address: EngineIOAddress
    let http: HTTPClient
    let configuration: EngineIOClientConfiguration
    let cookies = CookieJar()

    /// The packets of one poll.
    /// - Parameter id: of the session; nil for the handshake.
    func get(_ id: String?, timeout: Duration) async throws -> [IncomingPacket] {
        let body = try await self.request(.GET, id, nil, timeout)
        do throws(PacketViolation) {
            return try IncomingPacket.decode(body)
        } catch {
            throw EngineIOClientError(.invalidResponse, "the server's answer is no payload of packets: \(error)")
        }
    }

    func post(_ body: ByteBuffer, _ id: String) async throws {
        _ = try await self.request(.POST, id, body, self.configuration.requestTimeout)
    }

    private func request(
        _ method: HTTPMethod, _ id: String?, _ body: ByteBuffer?, _ timeout: Duration
    ) async throws -> ByteBuffer {
        var request = HTTPClientRequest(url: self.address.url(.polling, id, isWebSocket: false))
        request.method = method
        for field in self.cookies.added(to: self.configuration.headerFields) {
            request.headers.add(name: field.name.rawName, value: field.value)
        }
        if let body {
            request.headers.add(name: "Content-Type", value: "text/plain;charset=UTF-8")
            request.body = .bytes(body)
        }
        let response: HTTPClientResponse
        let answer: ByteBuffer
        do {
            response = try await self.http.execute(request, timeout: TimeAmount(timeout))
            let limit = response.status == .ok ? self.configuration.maximumPollByteCount : 64 * 1024
            answer = try await response.body.collect(upTo: limit)
        } catch let error as CancellationError {
            throw error
        } catch {
            let way = self.configuration.proxy?.proxy(for: self.address.url).map { " through the proxy \($0)" } ?? ""
            throw EngineIOClientError(.network, "a request\(way) failed: \(error)", underlying: error)
        }
        for cookie in response.headers["Set-Cookie"] { self.cookies.received(cookie) }
        guard response.status == .ok else {
            let text = String(buffer: answer)
            // Only a handshake is refused; later it means that the session is no more.
            throw EngineIOClientError(
                id == nil ? .refused : .network,
                "the server \(id == nil ? "refused" : "ended the session") with status \(response.status.code)",
                status: HTTPResponse.Status(
                    code: Int(response.status.code), reasonPhrase: response.status.reasonPhrase),
                headerFields: HTTPFields(response.headers, splitCookie: false), body: text)
        }
        return answer
    }
}
