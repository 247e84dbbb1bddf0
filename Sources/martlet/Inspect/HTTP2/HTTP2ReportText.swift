/// The parts of a report for people that are about HTTP/2.
enum HTTP2ReportText {
    static func settings(of report: Report.HTTP2) -> [String] {
        guard !report.settings.isEmpty else { return [] }
        return ["", "HTTP/2 settings (RFC 9113 §6.5)"]
            + report.settings.flatMap { setting in
                ["  \(HTTP2ReportText.arrow(setting.direction)) \(setting.name) = \(setting.value)"]
                    + (setting.meaning.map { ["      \($0)"] } ?? [])
            }
    }

    static func frames(of report: Report.HTTP2) -> [String] {
        ["", "HTTP/2 frames (RFC 9113 §4.1)"]
            + report.frames.map { frame in
                let flags = frame.flags.isEmpty ? "" : " \(frame.flags.joined(separator: " "))"
                return "  \(HTTP2ReportText.arrow(frame.direction)) \(frame.type)\(flags), stream \(frame.stream), "
                    + "\(frame.length) bytes at \(frame.time) ms" + (frame.meaning.map { ": \($0)" } ?? "")
            }
    }

    private static func arrow(_ direction: WireRecorder.Direction) -> String {
        direction == .sent ? "→" : "←"
    }
}
