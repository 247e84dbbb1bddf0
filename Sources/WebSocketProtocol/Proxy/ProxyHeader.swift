/// The header that a proxy puts before a connection to say whose it is (the PROXY protocol of HAProxy, versions 1 and 2).
package enum ProxyHeader {
    /// Whose the connection is.
    package enum Client: Sendable, Hashable {
        /// Version 1: words that are to be an IP address.
        case text(String, port: Int)
        /// Version 2: an IP address in network order, 4 or 16 bytes.
        case bytes([UInt8], port: Int)
    }

    package enum Result: Sendable, Hashable {
        case incomplete
        case invalid
        /// - Parameters:
        ///   - client: nil if the proxy speaks for itself, as in a health check.
        ///   - byteCount: how long the header is.
        case complete(client: Client?, byteCount: Int)
    }

    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    private static let word = Array("PROXY ".utf8)
    /// Of version 1, with the line end.
    private static let maximumLineByteCount = 107
    /// Of version 2: signature, version and command, family, length.
    private static let binaryHeadByteCount = 16
    /// Of version 2: addresses, and more than any proxy says beside them.
    private static let maximumBlockByteCount = 2048

    /// Reads the header at the start of what a connection has brought so far.
    package static func read(_ bytes: ArraySlice<UInt8>) -> Result {
        if bytes.starts(with: self.signature.prefix(bytes.count)) { return self.readBinary(bytes) }
        guard bytes.starts(with: self.word.prefix(bytes.count)) else { return .invalid }
        guard let end = bytes.prefix(self.maximumLineByteCount).firstIndex(of: UInt8(ascii: "\n")) else {
            return bytes.count < self.maximumLineByteCount ? .incomplete : .invalid
        }
        guard let line = String(validating: bytes[..<end], as: UTF8.self), line.utf8.last == UInt8(ascii: "\r") else {
            return .invalid
        }
        return self.readLine(line.dropLast(), byteCount: end - bytes.startIndex + 1)
    }

    private static func readLine(_ line: Substring, byteCount: Int) -> Result {
        let parts = line.split(separator: " ")
        guard parts.count >= 2 else { return .invalid }
        if parts[1] == "UNKNOWN" { return .complete(client: nil, byteCount: byteCount) }
        guard parts.count == 6, parts[1] == "TCP4" || parts[1] == "TCP6", let port = Int(parts[4]),
            (0...65535).contains(port)
        else { return .invalid }
        return .complete(client: .text(String(parts[2]), port: port), byteCount: byteCount)
    }

    private static func readBinary(_ bytes: ArraySlice<UInt8>) -> Result {
        let head = Array(bytes.prefix(self.binaryHeadByteCount))
        guard head.count == self.binaryHeadByteCount else { return .incomplete }
        let command = head[12]
        let blockByteCount = Int(head[14]) << 8 | Int(head[15])
        guard command >> 4 == 2, command & 0x0F <= 1, blockByteCount <= self.maximumBlockByteCount else {
            return .invalid
        }
        let byteCount = self.binaryHeadByteCount + blockByteCount
        guard bytes.count >= byteCount else { return .incomplete }
        let addressByteCount =
            switch head[13] {
            case 0x11: 4
            case 0x21: 16
            default: 0
            }
        // The proxy itself (LOCAL), or a client without an IP address.
        guard command & 0x0F == 1, addressByteCount > 0 else { return .complete(client: nil, byteCount: byteCount) }
        // Source and destination, then their ports.
        let block = Array(bytes.dropFirst(self.binaryHeadByteCount).prefix(blockByteCount))
        guard block.count >= 2 * addressByteCount + 4 else { return .invalid }
        let port = Int(block[2 * addressByteCount]) << 8 | Int(block[2 * addressByteCount + 1])
        return .complete(client: .bytes(Array(block.prefix(addressByteCount)), port: port), byteCount: byteCount)
    }
}
