import HTTPTypes
import Logging
import NIOCore
import NIOEmbedded
import WebSocketNIO
import WebSocketProtocol

/// One case played to a ``ConnectionHandler`` over an in-memory channel. What it receives it sends back.
struct Conversation {
    private let channel: EmbeddedChannel
    private let loop: EmbeddedEventLoop
    private let transport = Transport()
    private let record = Record()

    private final class Record {
        var messages: [WebSocketMessage] = []
        var outcome: CloseOutcome?
    }

    /// - Parameter loop: may have served other conversations, as the loops of a server do.
    init(_ played: Case, on loop: EmbeddedEventLoop) throws {
        self.loop = loop
        self.channel = EmbeddedChannel(loop: loop)
        var configuration = ConnectionConfiguration()
        configuration.limits = played.limits
        configuration.keepAlive.pingInterval = nil
        // All that one read brings is sent back before anything is written.
        configuration.sendLimit = .max
        configuration.sendHighMark = 1 << 30
        var compression = CompressionConfiguration()
        compression.threshold = 0
        configuration.compression = compression
        let handler = ConnectionHandler(
            loop: LoopContext.current(loop),
            settings: ConnectionSettings(
                role: played.role,
                configuration: configuration,
                logger: Logger(label: "differential", factory: { _ in SwiftLogNoOpLogHandler() })
            ),
            handshake: HandshakeInformation(
                request: HTTPRequest(method: .get, scheme: "http", authority: "example", path: "/"),
                subprotocol: nil,
                compression: played.compression,
                remoteAddress: nil,
                isSecure: false
            )
        )
        try self.channel.pipeline.syncOperations.addHandlers([self.transport, handler])
        try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let record = self.record
        handler.connection.onMessage { connection, message in
            record.messages.append(message)
            connection.sendNow(message)
        }
        handler.connection.onClose { record.outcome = $0 }
    }

    /// Brings the reads in, then ends the stream.
    func play(_ reads: [[UInt8]]) throws -> String {
        for read in reads where self.channel.isActive {
            try self.channel.writeInbound(ByteBuffer(bytes: read))
            self.channel.pipeline.fireChannelReadComplete()
            self.loop.run()
        }
        let hasEnded = self.transport.isOutputClosed || !self.channel.isActive
        self.channel.close(promise: nil)
        self.loop.run()
        return try self.line(hasEnded: hasEnded)
    }

    private func line(hasEnded: Bool) throws -> String {
        var sent = ""
        while let write = try self.channel.readOutbound(as: ByteBuffer.self) { sent += hexadecimal(write) }
        let messages = self.record.messages.map { message in
            "[\"\(message.kind == .text ? "text" : "binary")\", \"\(hexadecimal(message.bytes))\"]"
        }
        let received = self.record.outcome?.received.map { "\($0.reportedCode.rawValue)" } ?? "null"
        // The rules are a few ASCII words of ours, without quotes.
        let violation = self.record.outcome?.violation.map { "\"\($0.rule)\"" } ?? "null"
        return """
            {"messages": [\(messages.joined(separator: ", "))], "sent": "\(sent)", "received": \(received), \
            "violation": \(violation), "ended": \(hasEnded), "closed": \(self.record.outcome != nil)}
            """
    }
}

private func hexadecimal(_ bytes: ByteBuffer) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
        decoding: bytes.readableBytesView.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// Stands where the socket would be, which can be closed by halves.
private final class Transport: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    var isOutputClosed = false

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
        self.isOutputClosed = true
        promise?.succeed()
    }
}
