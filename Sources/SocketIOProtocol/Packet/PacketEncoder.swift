/// A packet as messages of Engine.IO: a text, and the attachments that follow it.
package struct EncodedPacket: Sendable, Hashable {
    package let text: [UInt8]
    package let attachments: [[UInt8]]

    package var byteCount: Int { self.text.count + self.attachments.reduce(0) { $0 + $1.count } }

    /// An event with one more argument, an offset that needs no escapes.
    package func appending(offset: String) -> EncodedPacket {
        EncodedPacket(text: self.text.dropLast() + Array(",\"\(offset)\"]".utf8), attachments: self.attachments)
    }
}

extension SocketIOPacket {
    /// The form `<type>[<attachments>-][<namespace>,][<id>][JSON]` (Socket.IO protocol v5, "Packet encoding").
    package var encoded: EncodedPacket {
        var payload = JSONWriter()
        var type: Character
        var id: UInt64?
        switch self.content {
        case .connect(let data):
            type = "0"
            if let data { payload.write(data) }
        case .disconnect:
            type = "1"
        case .event(let name, let arguments, let acknowledgmentID):
            payload.write([.string(name)] + arguments)
            type = payload.attachments.isEmpty ? "2" : "5"
            id = acknowledgmentID
        case .acknowledgment(let arguments, let acknowledged):
            payload.write(arguments)
            type = payload.attachments.isEmpty ? "3" : "6"
            id = acknowledged
        case .connectError(let data):
            type = "4"
            payload.write(data)
        }
        var head = String(type)
        if !payload.attachments.isEmpty { head += "\(payload.attachments.count)-" }
        if self.namespace != "/" { head += "\(self.namespace)," }
        if let id { head += "\(id)" }
        return EncodedPacket(text: Array(head.utf8) + payload.bytes, attachments: payload.attachments)
    }
}
