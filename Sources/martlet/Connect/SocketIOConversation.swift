internal import ArgumentParser
internal import EngineIOClient
internal import SocketIOClient
internal import SocketIOProtocol
internal import Synchronization

/// Standard input to a namespace of a Socket.IO server as events, and its events to standard output, until input or connection ends.
struct SocketIOConversation: Sendable {
    let url: String
    let engine: EngineIOClientConfiguration
    let options: SocketIOOptions
    let wait: Duration

    /// - Throws: an exit code, after the error was printed.
    func run() async throws {
        var configuration = SocketIOClientConfiguration()
        configuration.engine = self.engine
        // Unless asked to come back: a person sees that it failed, a script its status.
        if !self.options.reconnect { configuration.reconnection = nil }
        let client = SocketIOClient(to: self.url, configuration: configuration)
        let authentication = try self.options.authentication()
        let socket = client.socket(self.options.namespace) { authentication }
        let progress = Progress()
        socket.onAny { name, arguments in SocketIOConversation.show(name, arguments) }
        socket.onConnect { _ in
            progress.set(.connected)
            if Terminal.isInteractive { Output.error("connected by \(client.transport?.rawValue ?? "nothing")") }
        }
        socket.onConnectError { error in
            Output.error(
                "refused: \(TerminalText.escaped(error.message))"
                    + (error.data.map { " \(TerminalText.escaped("\($0)"))" } ?? ""))
            progress.set(.refused)
            client.close()
        }
        socket.onDisconnect { reason in
            guard progress.state == .connected, !self.options.reconnect else { return }
            progress.set(.lost)
            Output.error("disconnected: \(TerminalText.escaped(reason))")
            client.close()
        }
        // Not a child that is waited for: a thread that waits for a line can't be told to stop.
        let sending = Task {
            // Lines are for a connection that is there: so input is read no faster than they go out.
            for await _ in progress.begun {}
            guard progress.state == .connected else { return }
            await self.send(socket)
            if progress.state == .connected { progress.set(.done) }
            client.close()
        }
        defer { sending.cancel() }
        do {
            try await client.run()
        } catch {
            ConnectFailure.report(error)
            throw ExitCode(progress.state == .none ? 2 : 1)
        }
        switch progress.state {
        case .done: break
        case .none, .refused: throw ExitCode(2)
        case .connected, .lost: throw ExitCode(1)
        }
    }

    private static func show(_ name: String, _ arguments: [SocketIOValue]) {
        let texts = [TerminalText.escaped(name)] + arguments.map { TerminalText.escaped("\($0)") }
        Output.line(texts.joined(separator: " "))
    }

    private func send(_ socket: SocketIOClientSocket) async {
        while let line = await Terminal.nextLine() {
            do {
                let arguments = try self.options.arguments(line)
                if self.options.ack {
                    let answer = try await socket.emitWithAck(self.options.event, arguments: arguments)
                    SocketIOConversation.show("ack", answer)
                } else {
                    try await socket.emit(self.options.event, arguments: arguments)
                }
            } catch {
                Output.error(TerminalText.escaped("\(error)"))
            }
        }
        if !Terminal.isInteractive { try? await Task.sleep(for: self.wait) }
    }
}

/// How far a conversation has come.
private final class Progress: Sendable {
    enum State {
        case none, connected, refused, lost, done
    }

    /// Ends with the first connection, or when there will be none.
    let begun: AsyncStream<Void>
    private let begin: AsyncStream<Void>.Continuation
    private let current = Mutex(State.none)

    init() {
        (self.begun, self.begin) = AsyncStream.makeStream()
    }

    var state: State { self.current.withLock { $0 } }

    func set(_ state: State) {
        self.current.withLock { $0 = state }
        self.begin.finish()
    }
}
