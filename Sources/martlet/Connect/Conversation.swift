internal import NIOCore
internal import WebSocketClient

/// Standard input to the peer, and the peer to standard output, until either ends.
struct Conversation: Sendable {
    let connection: WebSocketConnection
    let isInteractive: Bool
    let takesCommands: Bool
    let wait: Duration

    func run() async -> CloseOutcome {
        await withTaskGroup(of: Void.self) { group in
            // Not a child that is waited for: a thread that waits for a line can't be told to stop.
            let sending = Task { await self.send() }
            group.addTask { await self.receive() }
            await group.waitForAll()
            sending.cancel()
        }
        return await self.connection.closed
    }

    private func receive() async {
        do {
            for try await message in self.connection.messages { self.show(message) }
        } catch {
            // How the connection ended is told from its outcome.
        }
    }

    private func show(_ message: WebSocketMessage) {
        let text =
            message.text.map(TerminalText.escaped)
            ?? "binary \(TerminalText.hexadecimal(message.bytes.readableBytesView))"
        Output.line(self.isInteractive ? "< \(text)" : text)
    }

    private func send() async {
        while let line = await Terminal.nextLine() {
            do {
                if self.takesCommands && line.hasPrefix("/") {
                    try await self.perform(line.dropFirst())
                } else {
                    try await self.connection.send(line)
                }
            } catch is ConnectionClosedError {
                return
            } catch {
                Output.error("\(error)")
            }
        }
        if !self.isInteractive { try? await Task.sleep(for: self.wait) }
        _ = try? await self.connection.close()
    }

    private func perform(_ command: Substring) async throws {
        if command.hasPrefix("/") { return try await self.connection.send(String(command)) }
        let words = command.split(separator: " ", maxSplits: 2)
        switch words.first {
        case "ping":
            guard let roundTrip = try await self.connection.pingWithDeadline() else {
                return Output.error("no pong within 5 s")
            }
            Output.line("pong after \(TerminalText.milliseconds(roundTrip))")
        case "close":
            guard words.count < 2 || UInt16(words[1]) != nil else {
                return Output.error("/close [code] [reason]: the code is a number such as 1000 or 4000")
            }
            let code = words.count > 1 ? UInt16(words[1]).map(CloseCode.init(rawValue:)) : .normalClosure
            _ = try await self.connection.close(
                code: code,
                reason: words.count > 2 ? String(words[2]) : ""
            )
        case "binary":
            guard let bytes = TerminalText.bytes(hexadecimal: command.dropFirst("binary".count)) else {
                return Output.error("/binary HEX: pairs of hexadecimal digits, such as /binary 00 ff 7f")
            }
            try await self.connection.send(bytes)
        default:
            Output.error("no such command: there are /ping, /close [code] [reason], /binary HEX; //text sends /text")
        }
    }
}
