internal import NIOCore
internal import WebSocketProtocol

/// Sending compressed messages (RFC 7692 §6.1).
extension ConnectionHandler {
    func compresses(_ message: OutgoingMessage) -> Bool {
        message.mayBeCompressed && self.handshake.compression != nil
            && message.bytes.readableBytes >= self.compressionThreshold
    }

    private var compressionThreshold: Int {
        self.settings.configuration.compression?.threshold ?? CompressionConfiguration().threshold
    }

    /// Sends frames that many connections share. Only servers do: a client masks each frame with a key of its own.
    func writePrepared(_ prepared: PreparedMessage, _ message: OutgoingMessage) {
        guard self.compresses(message), let compression = self.compression,
            let frame = prepared.deflatedFrame(compression.parameters)
        else { return self.writeFrame(encoded: prepared.plainFrame) }
        self.writeFrame(encoded: frame)
        // Later messages may refer to this one, which itself refers to none.
        compression.remember(message.bytes)
    }
}
