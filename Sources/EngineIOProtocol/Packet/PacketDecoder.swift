/// Tells what a packet is. Its data is what follows the type, one byte.
package enum PacketDecoder {
    /// The type of a packet that came in a WebSocket text message, which holds exactly one.
    package static func type(of packet: UnsafeRawBufferPointer) throws(PacketViolation) -> PacketType {
        guard let first = packet.first else { throw .empty }
        guard let type = PacketType(rawValue: first) else { throw .unknownType }
        // A WebSocket could carry it; but sent on to a session that polls, such a message would become two packets, the
        // second of its sender's making.
        guard !packet.contains(PayloadDecoder.separator) else { throw .separator }
        return type
    }

    /// True for the data of the ping that asks, on a WebSocket, whether it can take over, and of its answer.
    package static func isProbe(_ packet: UnsafeRawBufferPointer) -> Bool {
        packet.dropFirst().elementsEqual("probe".utf8)
    }
}
