internal import HTTPTypes
internal import NIOCore
internal import WebSocketProtocol

/// A request without its body, for whoever keeps it for long: one array of bytes, where an `HTTPRequest` has several objects
/// for each header field. A browser's takes 0.8 KB then instead of 2.
package struct StoredRequest: Sendable {
    private let bytes: [UInt8]
    private let peer: PeerInformation
    private let version: HTTPProtocolVersion

    package init(_ request: ServerRequest) {
        let head = request.head
        var bytes: [UInt8] = []
        // Names, values and their lengths.
        let byteCount = head.headerFields.reduce(0) { $0 + $1.name.rawName.utf8.count + $1.value.utf8.count + 8 }
        bytes.reserveCapacity(byteCount + 64 + (head.path?.utf8.count ?? 0) + (head.authority?.utf8.count ?? 0))
        for text in [head.method.rawValue, head.scheme, head.authority, head.path, head.extendedConnectProtocol] {
            StoredRequest.append(text.map { Array($0.utf8) }, to: &bytes)
        }
        for field in head.headerFields {
            StoredRequest.append(Array(field.name.rawName.utf8), to: &bytes)
            field.withUnsafeBytesOfValue { StoredRequest.append(Array($0), to: &bytes) }
        }
        self.bytes = bytes
        self.peer = request.peer
        self.version = request.httpVersion
    }

    /// The request as it was. Complexity: that of its length.
    package var request: ServerRequest {
        var rest = self.bytes[...]
        func next() -> ArraySlice<UInt8>? { StoredRequest.take(from: &rest) }
        func text() -> String? { next().map { String(decoding: $0, as: UTF8.self) } }
        var head = HTTPRequest(
            method: text().flatMap { HTTPRequest.Method($0) } ?? .get, scheme: text(), authority: text(), path: text())
        head.extendedConnectProtocol = text()
        while !rest.isEmpty {
            guard let name = text().flatMap({ HTTPField.Name($0) }), let value = next() else { break }
            head.headerFields.append(HTTPField(name: name, lenientValue: value))
        }
        return ServerRequest(head: head, body: ByteBuffer(), peer: self.peer, httpVersion: self.version)
    }

    /// Stands for the length of what is not there: nothing is as long.
    private static let nothing = UInt32.max

    private static func append(_ part: [UInt8]?, to bytes: inout [UInt8]) {
        let length = part.map { UInt32($0.count) } ?? self.nothing
        for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
        if let part { bytes += part }
    }

    private static func take(from rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let length = rest.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
        rest = rest.dropFirst(4)
        guard length != self.nothing else { return nil }
        defer { rest = rest.dropFirst(Int(length)) }
        return rest.prefix(Int(length))
    }
}
