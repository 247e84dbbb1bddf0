internal import ArgumentParser
internal import EngineIOClient
internal import SocketIOProtocol

/// What `connect --socket.io` lets a user say.
struct SocketIOOptions: ParsableArguments {
    enum Transport: String, ExpressibleByArgument, CaseIterable {
        case upgrade, polling, websocket

        var transports: EngineIOClientConfiguration.Transports {
            switch self {
            case .upgrade: .pollingThenWebSocket
            case .polling: .pollingOnly
            case .websocket: .webSocketOnly
            }
        }
    }

    @Flag(name: .customLong("socket.io"), help: "Speak Socket.IO: lines become events, and events are printed.")
    var isEnabled = false

    @Option(help: ArgumentHelp("Name of the events that lines become.", valueName: "name"))
    var event = "message"

    @Option(help: ArgumentHelp("Namespace to connect to.", valueName: "path"))
    var namespace = "/"

    @Option(help: ArgumentHelp("What authenticates there, a JSON object.", valueName: "json"))
    var auth: String?

    @Option(help: "How the session is carried: polling then WebSocket, polling alone, or WebSocket alone.")
    var transport = Transport.upgrade

    @Flag(help: "Take lines as JSON: an array has the arguments, anything else is the only one.")
    var json = false

    @Flag(help: "Ask for an acknowledgment of each event and print it.")
    var ack = false

    @Flag(help: "Come back when the connection is lost, as often as it takes.")
    var reconnect = false

    func validate() throws {
        guard ReservedEvent.names.contains(self.event) == false else {
            throw ValidationError("--event \(self.event): no event can have this name")
        }
        _ = try self.authentication()
    }

    /// - Throws: for an option of connections that a session can't honour.
    func validate(with client: ClientOptions) throws {
        guard client.subprotocol.isEmpty else {
            throw ValidationError("--subprotocol does not go with --socket.io: sessions have none")
        }
        guard client.maximumRedirectCount == 0 else {
            throw ValidationError("--max-redirects does not go with --socket.io: sessions follow no redirection")
        }
        guard self.transport != .websocket else { return }
        guard !client.http2 else {
            throw ValidationError("--http2 needs --transport websocket with --socket.io: polling is HTTP/1.1")
        }
        guard client.resolve.allSatisfy({ !$0.contains(",") }) else {
            throw ValidationError("--resolve takes one address with --socket.io, but for --transport websocket")
        }
    }

    func authentication() throws -> SocketIOValue? {
        guard let auth = self.auth else { return nil }
        guard let value = try? SocketIOValue(json: auth), value.object != nil else {
            throw ValidationError("--auth \(auth.debugDescription): write a JSON object, such as '{\"token\":\"…\"}'")
        }
        return value
    }

    /// The arguments of the event that a line becomes.
    func arguments(_ line: String) throws -> [SocketIOValue] {
        guard self.json else { return [.string(line)] }
        let value = try SocketIOValue(json: line)
        return value.array ?? [value]
    }
}
