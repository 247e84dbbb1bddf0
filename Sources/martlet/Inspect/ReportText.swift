/// A report for people.
enum ReportText {
    static func lines(of report: Report) -> [String] {
        var lines: [String] = []
        lines.append("URL      \(TerminalText.escaped(report.url))")
        if let address = report.remoteAddress {
            lines.append("Peer     \(address)\(report.isSecure == true ? ", over TLS (shown decrypted)" : "")")
        }
        lines += report.earlier.map { "Before   \(TerminalText.escaped($0))" }
        if let tls = report.tls { lines += TLSReportText.lines(of: tls) }
        if let http2 = report.http2 { lines += HTTP2ReportText.settings(of: http2) }
        if let request = report.request { lines += self.message("→ Request", request) }
        if let response = report.response { lines += self.message("← Response", response) }
        lines += self.body(of: report)
        if let acceptance = report.acceptance, report.response != nil { lines += self.acceptance(acceptance) }
        if report.result == .closed || report.result == .connectionFailed {
            lines += ["", "Negotiated"]
            lines.append("  version      13 (RFC 6455)\(report.http2 == nil ? "" : " over HTTP/2 (RFC 8441)")")
            lines.append("  subprotocol  \(report.subprotocol ?? "none")")
            lines.append(
                "  extensions   \(report.extensions.isEmpty ? "none" : report.extensions.joined(separator: ", "))")
        }
        if let compression = report.compression { lines += self.agreement(compression) }
        lines += report.frames.flatMap(self.frame)
        if let http2 = report.http2 { lines += HTTP2ReportText.frames(of: http2) }
        if let roundTrip = report.pingMilliseconds { lines += ["", "Ping     answered after \(roundTrip) ms"] }
        if let compression = report.compression, compression.compressedByteCount > 0 {
            let ratio = Report.Compression.ratio(compression.messageByteCount, compression.compressedByteCount)
            lines.append(
                "Saved    \(compression.compressedByteCount) bytes on the wire stood for "
                    + "\(compression.messageByteCount): \(ratio) times as many")
        }
        if let close = report.close {
            lines.append(
                "Close    sent \(self.code(close.sentCode)), received \(self.code(close.receivedCode))"
                    + (close.receivedReason.isEmpty ? "" : " \(TerminalText.escaped(close.receivedReason))")
                    + (close.wasClean ? ": clean" : ": not clean")
            )
        }
        lines += ["", "Result   \(self.verdict(report))"]
        return lines
    }

    private static func agreement(_ compression: Report.Compression) -> [String] {
        func line(_ who: String, _ bits: Int, _ takesOver: Bool) -> String {
            "  \(who)  repetitions refer back up to \(1 << bits) bytes (window bits \(bits)), "
                + (takesOver ? "also into earlier messages" : "within a message only")
        }
        return [
            "", "Compression agreed (permessage-deflate, RFC 7692 §7.1)",
            line("we send   ", compression.sendWindowBits, compression.sendContextTakeover),
            line("we receive", compression.receiveWindowBits, compression.receiveContextTakeover),
        ]
    }

    private static func message(_ title: String, _ message: Report.Message) -> [String] {
        var lines = ["", "\(title)  \(message.byteCount) bytes at \(message.time) ms"]
        lines.append("  \(TerminalText.escaped(message.startLine))")
        lines.append("      \(self.meaning(of: message))")
        for field in message.fields {
            lines.append("  \(TerminalText.escaped(field.name)): \(TerminalText.escaped(field.value))")
            if let meaning = field.meaning { lines.append("      \(meaning)") }
        }
        return lines
    }

    private static func meaning(of message: Report.Message) -> String {
        if message.value(of: ":method") != nil {
            return
                "a request on a stream of its own, which becomes the WebSocket; others share the connection (RFC 8441 §5)"
        }
        let words = message.startLine.split(separator: " ", maxSplits: 2)
        let status = message.value(of: ":status")
        guard status != nil || words.first?.hasPrefix("HTTP/") == true else {
            return "a GET request for a path, in HTTP/1.1: the handshake borrows HTTP and shares its port"
        }
        switch status ?? words.dropFirst().first.map(String.init) {
        case "101", "200": return "the server agrees: what follows are WebSocket frames"
        case "400": return "the server says that the handshake is malformed"
        case "401", "403": return "the server does not let us in"
        case "404": return "there is nothing at this path"
        case "426": return "the server wants another protocol or version (RFC 6455 §4.4)"
        case let status? where status.hasPrefix("3"): return "the server sends us elsewhere; that is not followed"
        default: return "the server answers with HTTP instead of WebSocket"
        }
    }

    private static func body(of report: Report) -> [String] {
        guard let body = report.body, !body.isEmpty else { return [] }
        let lines = body.split(whereSeparator: \.isNewline).map { "  \(TerminalText.escaped(String($0)))" }
        return ["", "Body"] + lines + (report.isBodyTruncated == true ? ["  …"] : [])
    }

    private static func acceptance(_ acceptance: Report.Acceptance) -> [String] {
        let verdict =
            switch (acceptance.received, acceptance.matches) {
            case (nil, _): "The server sent none: it has not agreed."
            case (_, true): "They match: the server read our key."
            case (_, false): "They do not match: whoever answered did not read our key."
            }
        return [
            "",
            "How Sec-WebSocket-Accept follows from the key (RFC 6455 §1.3)",
            "  key             \(acceptance.key)",
            "  + GUID          \(acceptance.guid)",
            "  = text          \(acceptance.concatenated)",
            "  SHA-1 of it     \(acceptance.sha1)",
            "  base64 of that  \(acceptance.expected)",
            "  server sent     \(acceptance.received.map(TerminalText.escaped) ?? "nothing")",
            "  \(verdict)",
        ]
    }

    private static func frame(_ frame: Report.Frame) -> [String] {
        [
            "",
            "\(frame.direction == .sent ? "→" : "←") Frame  at \(frame.time) ms",
            "  \(frame.bytes)",
            "      \(frame.meaning)"
                + (frame.maskingKey.map { "; masking key \($0)" } ?? "")
                + (frame.payload.isEmpty ? "" : "; payload \(frame.payload)"),
        ]
    }

    private static func code(_ code: UInt16?) -> String {
        code.map(String.init) ?? "nothing"
    }

    private static func verdict(_ report: Report) -> String {
        let error = report.error.map(TerminalText.escaped) ?? ""
        switch report.result {
        case .closed: return "the handshake is valid, the peer answers pings and closes cleanly"
        case .connectionFailed: return "the connection failed: \(error)"
        case .refused: return error
        case .handshakeFailed: return error
        case .noConnection: return "no connection: \(error)"
        }
    }
}
