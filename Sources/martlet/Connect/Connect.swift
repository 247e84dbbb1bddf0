internal import ArgumentParser
internal import EngineIOClient
internal import HTTPTypes
internal import NIOCore
internal import WebSocketClient

struct Connect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Talk to a WebSocket server from the terminal or a script.",
        discussion: """
            Each line of standard input is sent as a text message; received messages are printed one per line, text with \
            control characters escaped, binary as "binary" and hexadecimal digits. At the end of input the command waits \
            for replies and closes.

            On a terminal, or with --commands, lines that begin with a slash are commands:
              /ping                    send a ping and print the round-trip time
              /close [code] [reason]   close the connection
              /binary HEX              send a binary message
              //text                   send "/text"

            With --socket.io lines are sent as events and received events printed, each as its name and its arguments in \
            JSON. There are no commands then, no subprotocols and no redirections; --http2 and more than one address for \
            --resolve need --transport websocket.

            Exit status: 0 after a clean close, 1 if the connection failed, 2 if none came about.
            """
    )

    @Argument(help: "ws:, wss:, http: or https: URL.")
    var url: String

    @OptionGroup var client: ClientOptions

    @OptionGroup(title: "Socket.IO") var socketIO: SocketIOOptions

    @Option(help: ArgumentHelp("How long to wait for replies after the end of input.", valueName: "seconds"))
    var wait: Double = 1

    @Flag(help: "Take commands from a script, too.")
    var commands = false

    func validate() throws {
        guard self.wait >= 0, self.wait < 1e6 else { throw ValidationError("--wait must be 0 or more") }
        guard self.socketIO.isEnabled else { return }
        guard !self.commands else { throw ValidationError("--commands does not go with --socket.io: lines are events") }
        try self.socketIO.validate(with: self.client)
    }

    func run() async throws {
        var configuration = try self.client.configuration()
        if self.socketIO.isEnabled { return try await self.talkSocketIO(configuration) }
        configuration.connection.limits.maximumMessageByteCount = 64 << 20
        configuration.connection.limits.maximumFrameByteCount = 64 << 20
        let connection: WebSocketConnection
        do {
            connection = try await WebSocketClient(configuration: configuration).connect(to: self.url)
        } catch {
            ConnectFailure.report(error)
            throw ExitCode(2)
        }
        let outcome = await Conversation(
            connection: connection,
            isInteractive: Terminal.isInteractive,
            takesCommands: self.commands || Terminal.isInteractive,
            wait: .seconds(self.wait)
        ).run()
        // Ours was agreed to, or the peer ended in the ordinary way.
        let isClean = outcome.wasClean && (outcome.isOrdinary || outcome.initiator == .local)
        guard isClean else {
            // What the peer said is escaped there.
            Output.error("connection failed with \(outcome.code): \(outcome)")
            throw ExitCode(1)
        }
        if Terminal.isInteractive { Output.error("closed: \(outcome)") }
    }

    private func talkSocketIO(_ configuration: ClientConfiguration) async throws {
        var engine = EngineIOClientConfiguration()
        engine.transports = self.socketIO.transport.transports
        engine.requestTimeout = configuration.connectTimeout
        engine.headerFields = configuration.headerFields
        engine.tls = configuration.tls
        engine.proxy = configuration.proxy
        engine.resolve = configuration.resolve
        engine.webSocketHTTPVersions = configuration.httpVersions
        engine.webSocket = configuration.connection
        try await SocketIOConversation(
            url: self.url, engine: engine, options: self.socketIO, wait: .seconds(self.wait)
        ).run()
    }
}

/// Says why no connection came about, with all that the server said.
enum ConnectFailure {
    static func report(_ error: any Error) {
        Output.error(TerminalText.escaped("\(error)"))
        switch error {
        case let error as ConnectError:
            guard let response = error.response else { return }
            self.report(response.headerFields, body: String(buffer: error.body))
            if error.isBodyTruncated { Output.error("  … (the body goes on)") }
        case let error as EngineIOClientError:
            self.report(error.headerFields, body: error.body)
        default: break
        }
    }

    private static func report(_ fields: HTTPFields, body: String) {
        for field in fields { Output.error("  \(field.name): \(TerminalText.escaped(field.value))") }
        for line in body.split(whereSeparator: \.isNewline) { Output.error("  \(TerminalText.escaped(String(line)))") }
    }
}
