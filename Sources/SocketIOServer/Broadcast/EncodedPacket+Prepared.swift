internal import EngineIOServer
internal import NIOCore
internal import SocketIOProtocol

extension EncodedPacket {
    /// For any number of sessions.
    var prepared: PreparedEngineIOMessage { PreparedEngineIOMessage(self.messages) }

    /// The text, and the attachments behind it.
    var messages: [EngineIOMessage] {
        [.text(ByteBuffer(bytes: self.text))] + self.attachments.map { .binary(ByteBuffer(bytes: $0)) }
    }
}
