internal import HTTPTypes
internal import NIOCore
internal import WebSocketProtocol
internal import WebSocketServer

/// A GET for packets: as much of it as its answer depends on. It may wait for long, so its head is given up.
struct Poll: Sendable {
    let exchange: HTTPExchange
    let acceptsGzip: Bool

    /// On the event loop of the exchange, whose request nobody may ask for from now on.
    init(_ exchange: HTTPExchange) {
        self.exchange = exchange
        self.acceptsGzip = exchange.request.head.headerFields.acceptsGzip
        exchange.releaseRequest()
    }
}

extension HTTPFields {
    /// True if the client takes gzip (RFC 9110 §12.5.3).
    fileprivate var acceptsGzip: Bool {
        self.listMembers(of: .acceptEncoding).contains { member in
            let parts = member.split(separator: ";").map { $0.trimmingOptionalWhitespace() }
            guard let coding = parts.first, coding.equalsIgnoringASCIICase("gzip") else { return false }
            // A weight of zero, in whatever number of digits, means no.
            return !parts.dropFirst().contains { weight in
                let value = weight.utf8.drop { $0 != UInt8(ascii: "=") }.dropFirst()
                return !value.contains { (UInt8(ascii: "1")...UInt8(ascii: "9")).contains($0) }
            }
        }
    }
}
