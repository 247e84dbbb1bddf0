internal import NIOCore

/// The header that a proxy puts before a connection to say whose it is (the PROXY protocol of HAProxy, versions 1 and 2).
enum ProxyHeader {
    enum Result {
        case incomplete
        case invalid
        /// - Parameter client: nil if the proxy speaks for itself, as in a health check.
        case complete(client: SocketAddress?)
    }

    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    /// Of version 1, with the line end.
    private static let maximumLineByteCount = 107
    /// Of version 2: addresses, and more than any proxy says beside them.
    private static let maximumBlockByteCount = 2048

    /// Takes the header off the buffer.
    static func read(_ buffer: inout ByteBuffer) -> Result {
        let view = buffer.readableBytesView
        if view.starts(with: Self.signature.prefix(view.count)) {
            return view.count >= 16 ? self.readBinary(&buffer) : .incomplete
        }
        guard view.starts(with: Array("PROXY ".utf8).prefix(view.count)) else { return .invalid }
        guard let end = view.prefix(Self.maximumLineByteCount).firstIndex(of: UInt8(ascii: "\n")) else {
            return view.count < Self.maximumLineByteCount ? .incomplete : .invalid
        }
        guard let line = buffer.readString(length: end - view.startIndex + 1), line.hasSuffix("\r\n") else {
            return .invalid
        }
        let parts = line.dropLast(1).split(separator: " ")
        guard parts.count >= 2, parts[1] != "UNKNOWN" else {
            return parts.count >= 2 ? .complete(client: nil) : .invalid
        }
        guard parts.count == 6, ["TCP4", "TCP6"].contains(parts[1]), let port = Int(parts[4]),
            (0...65535).contains(port),
            let client = try? SocketAddress(ipAddress: String(parts[2]), port: port)
        else { return .invalid }
        return .complete(client: client)
    }

    private static func readBinary(_ buffer: inout ByteBuffer) -> Result {
        let start = buffer.readerIndex
        guard let command: UInt8 = buffer.getInteger(at: start + 12),
            let family: UInt8 = buffer.getInteger(at: start + 13),
            let count: UInt16 = buffer.getInteger(at: start + 14)
        else { return .incomplete }
        guard command >> 4 == 2, command & 0x0F <= 1, Int(count) <= Self.maximumBlockByteCount else { return .invalid }
        guard buffer.readableBytes >= 16 + Int(count) else { return .incomplete }
        buffer.moveReaderIndex(forwardBy: 16)
        guard var block = buffer.readSlice(length: Int(count)) else { return .incomplete }
        // LOCAL: the proxy itself.
        guard command & 0x0F == 1 else { return .complete(client: nil) }
        let addressByteCount: Int
        switch family {
        case 0x11: addressByteCount = 4
        case 0x21: addressByteCount = 16
        default: return .complete(client: nil)
        }
        guard let address = block.readSlice(length: addressByteCount), block.readSlice(length: addressByteCount) != nil,
            let port: UInt16 = block.readInteger(),
            let client = try? SocketAddress(packedIPAddress: address, port: Int(port))
        else { return .invalid }
        return .complete(client: client)
    }
}
