internal import HTTPTypes
internal import NIOCore
internal import NIOSSL
internal import WebSocketClient
internal import WebSocketProtocol

/// Connects, pings, closes, and makes a report of what went over the wire.
struct Inspection: Sendable {
    let url: String
    /// Messages to send.
    let texts: [String]
    let configuration: ClientConfiguration
    let recorder: WireRecorder

    func run() async -> Report {
        var report = Report(url: self.url)
        let start = ContinuousClock.now
        var compression: DeflateAgreement?
        // What fails before its handshake begins is not recorded.
        var failedURL: WebSocketURL?
        do {
            let connection = try await WebSocketClient(configuration: self.configuration).connect(to: self.url)
            report.remoteAddress = connection.handshake.remoteAddress.map { "\($0)" }
            report.isSecure = connection.handshake.isSecure
            report.subprotocol = connection.handshake.subprotocol
            compression = connection.handshake.compression
            report.extensions = connection.handshake.response?.headerFields[.secWebSocketExtensions].map { [$0] } ?? []
            await self.converse(connection, &report)
        } catch let error as ConnectError {
            report.error = error.message
            failedURL = try? WebSocketURL(error.redirects.last ?? self.url)
            // The answer of a proxy is no answer to the handshake.
            if error.response != nil, error.reason != .proxy {
                report.result = error.reason == .refused ? .refused : .handshakeFailed
                report.body = String(buffer: error.body)
                report.isBodyTruncated = error.isBodyTruncated
            }
        } catch {
            report.error = "\(error)"
        }
        var earlier = self.recorder.connections
        let isRecorded = failedURL == nil || earlier.last?.url == failedURL
        let last = isRecorded ? earlier.popLast() : nil
        let transcript = Transcript(last?.chunks ?? [], start: start, compression: compression)
        report.earlier = earlier.map { Inspection.words(about: $0, start) }
        if let url = last?.url ?? failedURL { report.tls = await self.tls(url, last?.tls) }
        report.http2 = transcript.http2
        report.request = transcript.request
        report.response = transcript.response
        report.acceptance = transcript.acceptance
        if report.result == .closed || report.result == .connectionFailed { report.frames = transcript.frames }
        report.compression = compression.map { Report.Compression($0, transcript.frames) }
        return report
    }

    /// Nil if the URL does not ask for TLS.
    private func tls(_ url: WebSocketURL, _ agreement: TLSAgreement?) async -> Report.TLS? {
        // The chain of a handshake that succeeded or failed is not kept: so it is asked for apart.
        let certificates = try? await WebSocketClient(configuration: self.configuration)
            .presentedCertificates(of: url)
        guard agreement != nil || certificates?.isEmpty == false else { return nil }
        return Report.TLS(
            version: agreement?.version.map(Inspection.name),
            applicationProtocol: agreement?.applicationProtocol,
            certificates: certificates?.compactMap { Report.Certificate($0) } ?? []
        )
    }

    private static func name(_ version: TLSVersion) -> String {
        switch version {
        case .tlsv1: "TLS 1.0"
        case .tlsv11: "TLS 1.1"
        case .tlsv12: "TLS 1.2"
        case .tlsv13: "TLS 1.3"
        }
    }

    /// About a connection that was given up for another.
    private static func words(about connection: WireRecorder.Connection, _ start: ContinuousClock.Instant) -> String {
        let transcript = Transcript(connection.chunks, start: start, compression: nil)
        if let request = transcript.request {
            let answer = transcript.response.map { $0.value(of: ":status") ?? $0.startLine } ?? "no answer"
            return "\(request.value(of: ":path") ?? request.startLine): \(answer)"
        }
        return transcript.http2 == nil
            ? "nothing was asked on it"
            : "HTTP/2, whose settings have no ENABLE_CONNECT_PROTOCOL: no WebSocket over it (RFC 8441 §3)"
    }

    private func converse(_ connection: WebSocketConnection, _ report: inout Report) async {
        report.result = .connectionFailed
        do {
            let roundTrip = try await connection.pingWithDeadline()
            report.pingMilliseconds = roundTrip.map(Inspection.milliseconds)
            if roundTrip == nil { report.error = "no pong within 5 s" }
            for text in self.texts { try await self.exchange(text, connection) }
            let outcome = try await connection.close()
            report.close = Report.Close(
                sentCode: outcome.sent?.code?.rawValue,
                sentReason: outcome.sent?.reason ?? "",
                receivedCode: outcome.received?.code?.rawValue,
                receivedReason: outcome.reason,
                wasClean: outcome.wasClean
            )
            if !outcome.wasClean { report.error = "\(outcome)" }
            if outcome.wasClean && roundTrip != nil { report.result = .closed }
        } catch {
            report.error = "\(error)"
        }
    }

    /// Sends a message and gives the peer a second to reply.
    private func exchange(_ text: String, _ connection: WebSocketConnection) async throws {
        try await connection.send(text)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for try await _ in connection.messages { break } }
            group.addTask { try await Task.sleep(for: .seconds(1)) }
            try await group.next()
            group.cancelAll()
        }
    }

    static func milliseconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) * 1000 + (Double(attoseconds) / 1e12).rounded() / 1000
    }
}
