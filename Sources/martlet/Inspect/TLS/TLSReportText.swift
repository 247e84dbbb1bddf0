/// The part of a report for people that is about TLS.
enum TLSReportText {
    static func lines(of tls: Report.TLS) -> [String] {
        var lines = ["", "TLS"]
        lines.append("  version        \(tls.version ?? "none agreed on")")
        let protocolName = tls.applicationProtocol.map(TerminalText.escaped)
        lines.append("  ALPN           \(protocolName ?? "none agreed on"): \(TLSReportText.meaning(ofALPN: tls))")
        for (index, certificate) in tls.certificates.enumerated() {
            lines.append("  certificate \(index + 1)  \(TerminalText.escaped(certificate.subject))")
            lines += TLSReportText.details(of: certificate, isFirst: index == 0).map { "      \($0)" }
        }
        return lines
    }

    private static func meaning(ofALPN tls: Report.TLS) -> String {
        switch tls.applicationProtocol {
        case "h2"?: "the connection speaks HTTP/2 (RFC 7301, RFC 9113 §3.2)"
        case "http/1.1"?: "the connection speaks HTTP/1.1 (RFC 7301)"
        case _?: "the connection speaks this (RFC 7301)"
        case nil: tls.version == nil ? "the handshake did not come to its end" : "that means HTTP/1.1"
        }
    }

    private static func details(of certificate: Report.Certificate, isFirst: Bool) -> [String] {
        let isOwn = certificate.issuer == certificate.subject
        let names = certificate.names.isEmpty ? "no name" : certificate.names.joined(separator: ", ")
        var lines = [
            isOwn ? "issued by itself" : "issued by \(TerminalText.escaped(certificate.issuer))",
            "valid from \(certificate.notBefore) to \(certificate.notAfter)"
                + (certificate.isInForce ? "" : ": NOT NOW"),
        ]
        // The others are there to vouch for the first (RFC 8446 §4.4.2).
        if isFirst { lines.append("for \(TerminalText.escaped(names)) (RFC 9525 §6)") }
        return lines + [
            "SHA-256 \(certificate.fingerprint)",
            "key \(certificate.publicKey), to be pinned as \(certificate.publicKeyPin)",
        ]
    }
}
