import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing
import WebSocketProtocol

@testable import WebSocketNIO

@Suite("Log lines of a connection", .timeLimit(.minutes(1)))
struct LoggingTests {
    /// Keeps what is logged.
    final class Lines: Sendable {
        struct Line: Sendable {
            let level: Logger.Level
            let message: String
            let metadata: Logger.Metadata
        }

        private let lines = NIOLockedValueBox<[Line]>([])

        var all: [Line] { self.lines.withLockedValue { $0 } }

        func append(_ line: Line) { self.lines.withLockedValue { $0.append(line) } }

        var logger: Logger {
            var logger = Logger(label: "test") { _ in Handler(lines: self) }
            logger.logLevel = .trace
            return logger
        }
    }

    struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let metadata = self.metadata.merging(event.metadata ?? [:]) { $1 }
            self.lines.append(.init(level: event.level, message: "\(event.message)", metadata: metadata))
        }
    }

    @Test("Every line carries the connection's id, and none is above debug (§7.1.7)", .requirement(158, 299))
    func connectionID() throws {
        let lines = Lines()
        let violating = try Wire(.server, logger: lines.logger)
        try violating.receive(RawFrame(reserved: 1, opcode: 2, payload: []))
        violating.dropTransport()
        let broken = try Wire(.client, logger: lines.logger)
        broken.breakTransport()
        #expect(lines.all.count == 4)
        #expect(lines.all.allSatisfy { $0.level <= .debug })
        let ids = lines.all.map { $0.metadata["connection"] }
        #expect(ids == [violating, violating, broken, broken].map { .string("\($0.handler.id)") })
        #expect(violating.handler.id != broken.handler.id)
    }

    @Test("A violation is logged with its rule and section (§7.1.7)", .requirement(158))
    func violation() throws {
        let lines = Lines()
        let wire = try Wire(.server, logger: lines.logger)
        try wire.receive(RawFrame(opcode: 1, payload: [0xFF]))
        let line = try #require(lines.all.first)
        #expect(line.message == "protocol violation")
        #expect(line.metadata["violation"].map { "\($0)".contains("§8.1") } == true)
    }

    @Test("Bytes of the peer reach the log escaped only (§5.5.1)", .requirement(125))
    func escaping() throws {
        let lines = Lines()
        let wire = try Wire(.server, logger: lines.logger)
        try wire.receive(.close(4000, "\u{1B}[2J\nfake line\r\0"))
        wire.dropTransport()
        #expect(!lines.all.isEmpty)
        for line in lines.all {
            let text = line.message + line.metadata.map { "\($0.key)=\($0.value)" }.joined()
            #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 })
        }
    }
}
