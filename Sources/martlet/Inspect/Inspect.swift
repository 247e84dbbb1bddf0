internal import ArgumentParser
internal import Foundation
internal import NIOCore
internal import NIOExtras
internal import WebSocketClient

struct Inspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show an opening handshake as a packet capture would, explained line by line.",
        discussion: """
            Connects, explains request and response, pings once, sends what --send says and shows the reply, and closes.

            Exit status: 0 if all went well, 1 if the connection failed after the handshake, 2 if none came about.
            """
    )

    @Argument(help: "ws:, wss:, http: or https: URL.")
    var url: String

    @OptionGroup var client: ClientOptions

    @Option(
        help: ArgumentHelp(
            "Text message to send; may be repeated. A reply is waited for up to a second.", valueName: "text"))
    var send: [String] = []

    @Flag(help: "Print JSON for programs.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "Also write the packets to a file that Wireshark opens; of wss: the decrypted ones.", valueName: "file"))
    var pcap: String?

    func run() async throws {
        let recorder = WireRecorder()
        let capture = try self.pcap.map(CaptureFile.init(path:))
        var configuration = try self.client.configuration()
        configuration.tap = { pipeline, url, tls in
            if let capture { try capture.attach(to: pipeline) }
            try pipeline.addHandler(recorder.makeHandler(url, tls))
        }
        let report = await Inspection(
            url: self.url, texts: self.send, configuration: configuration, recorder: recorder
        ).run()
        try await capture?.close()
        if self.json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            Output.line(String(decoding: try encoder.encode(report), as: UTF8.self))
        } else {
            for line in ReportText.lines(of: report) { Output.line(line) }
        }
        switch report.result {
        case .closed: break
        case .connectionFailed: throw ExitCode(1)
        case .noConnection, .refused, .handshakeFailed: throw ExitCode(2)
        }
    }
}
