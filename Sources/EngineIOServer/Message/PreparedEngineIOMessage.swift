internal import NIOConcurrencyHelpers
internal import NIOCore
internal import WebSocketNIO

/// Messages that go together to any number of sessions, encoded once: as WebSocket frames when the first session on that
/// transport gets them, as a piece of a polling payload when the first polling session does.
///
/// What is sent together arrives together: no other message of a session comes between.
///
/// ```swift
/// let news = PreparedEngineIOMessage(.text("…"))
/// for session in sessions { session.execute { $0.send(news) } }
/// ```
public final class PreparedEngineIOMessage: Sendable {
    public let messages: [EngineIOMessage]
    /// Payload bytes of all messages.
    let byteCount: Int
    private let forms = NIOLockedValueBox(Forms())

    private struct Forms {
        var frames: [PreparedMessage]?
        var payload: ByteBuffer?
    }

    /// - Parameter messages: in the order in which they arrive, such as a Socket.IO event and its attachments.
    public init(_ messages: [EngineIOMessage]) {
        self.messages = messages
        self.byteCount = messages.reduce(0) { $0 + $1.bytes.readableBytes }
    }

    public convenience init(_ message: EngineIOMessage) {
        self.init([message])
    }

    /// One WebSocket message for each of ours.
    var frames: [PreparedMessage] {
        self.forms.withLockedValue { forms in
            if let frames = forms.frames { return frames }
            let frames = self.messages.map { PreparedMessage($0.webSocketMessage) }
            forms.frames = frames
            return frames
        }
    }

    /// Packets of a polling payload, with separators between them.
    var payload: ByteBuffer {
        self.forms.withLockedValue { forms in
            if let payload = forms.payload { return payload }
            var payload = ByteBuffer()
            for message in self.messages { payload.append(message) }
            forms.payload = payload
            return payload
        }
    }
}
