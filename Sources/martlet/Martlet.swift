internal import ArgumentParser

@main
struct Martlet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet",
        abstract: "WebSocket server, client and magnifying glass.",
        version: "0.1.0",
        subcommands: [Serve.self, Connect.self, Inspect.self, ConformanceServer.self]
    )
}
