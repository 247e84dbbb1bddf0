package import NIOCore
package import WebSocketProtocol

/// Looks for a GOAWAY that names an error in what is written on a connection of HTTP/2.
///
/// NIO's handler reports errors of a stream and of the whole connection in the same way, but writes such a GOAWAY for the
/// latter only.
package struct GoAwayScanner {
    private static let headerByteCount = 9
    private static let goAwayType: UInt8 = 7
    private static let prefaceByteCount = 24

    /// True once there was one.
    package private(set) var hasFound = false
    /// Bytes before the next frame: of a payload, and at first of a client's preface (RFC 9113 §3.4).
    private var skippedByteCount: Int

    package init(role: Role) {
        self.skippedByteCount = role == .client ? GoAwayScanner.prefaceByteCount : 0
    }

    /// Frames are never cut within their headers, but payloads come in buffers of their own.
    package mutating func look(at buffer: ByteBuffer) {
        var index = buffer.readerIndex
        while index < buffer.writerIndex {
            if self.skippedByteCount > 0 {
                let count = min(self.skippedByteCount, buffer.writerIndex - index)
                self.skippedByteCount -= count
                index += count
                continue
            }
            guard let high: UInt8 = buffer.getInteger(at: index), let low: UInt16 = buffer.getInteger(at: index + 1),
                let type: UInt8 = buffer.getInteger(at: index + 3)
            else { return }
            index += GoAwayScanner.headerByteCount
            self.skippedByteCount = Int(high) << 16 | Int(low)
            if type == GoAwayScanner.goAwayType, let code: UInt32 = buffer.getInteger(at: index + 4), code != 0 {
                self.hasFound = true
            }
        }
    }
}
