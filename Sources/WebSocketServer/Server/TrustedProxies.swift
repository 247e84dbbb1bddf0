internal import HTTPTypes
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol

/// Proxies in front of the server whose word about the client counts. Nobody else's does: anybody can write such a field.
public struct TrustedProxies: Sendable, Hashable {
    /// Where HTTP proxies say whose a request is.
    public enum RequestField: Sendable, Hashable {
        /// `X-Forwarded-For`, and `X-Forwarded-Proto` for the scheme.
        case xForwardedFor
        /// `Forwarded` (RFC 7239).
        case forwarded
    }

    /// The networks that trusted proxies connect from: `10.0.0.0/8`, `::1`, `192.0.2.7`.
    private var networks: [AddressRange] = []
    private var includesUnixSockets = false
    /// Which of the fields the proxies write. Default ``RequestField/xForwardedFor``. Only that one counts: what a proxy does not
    /// write it passes on, and a client may have written it.
    public var requestField = RequestField.xForwardedFor
    /// Trusted proxies begin each connection with a header of the PROXY protocol, version 1 or 2; one without is closed.
    /// Default false.
    public var sendProxyProtocol = false

    public init() {}

    /// - Parameters:
    ///   - networks: addresses, or networks in CIDR notation. One that is neither is a programming error and traps.
    ///   - unixSockets: whoever connects over a Unix domain socket.
    public init(_ networks: [String], unixSockets: Bool = false) {
        self.networks = networks.map {
            guard let range = AddressRange($0) else { preconditionFailure("\($0) is no address and no network") }
            return range
        }
        self.includesUnixSockets = unixSockets
    }

    /// True if the text is an address or a network.
    public static func isValid(_ network: String) -> Bool { AddressRange(network) != nil }

    func contains(_ address: SocketAddress?) -> Bool {
        guard let address, let bytes = address.addressBytes else { return self.includesUnixSockets }
        return self.networks.contains { $0.contains(bytes) }
    }

    /// Who the client is, by what trusted proxies say: the last address of their ``requestField`` that no trusted proxy has,
    /// and the scheme beside it.
    func client(of fields: HTTPFields, from peer: PeerInformation) -> PeerInformation {
        guard self.contains(peer.address) else { return peer }
        var found = peer
        let hops =
            switch self.requestField {
            case .xForwardedFor: ForwardedHop.xForwardedFor(fields)
            case .forwarded: ForwardedHop.forwarded(fields)
            }
        for hop in hops.reversed() {
            guard let address = hop.address else { break }
            found.address = address
            if let isSecure = hop.isSecure { found.isSecure = isSecure }
            if !self.contains(address) { break }
        }
        return found
    }
}

/// An IP address and how many of its first bits count.
struct AddressRange: Sendable, Hashable {
    private let bytes: [UInt8]
    private let bitCount: Int

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let bytes = (try? SocketAddress(ipAddress: String(parts[0]), port: 0))?.addressBytes
        else {
            return nil
        }
        guard let bitCount = parts.count == 1 ? bytes.count * 8 : Int(parts[1]),
            (0...bytes.count * 8).contains(bitCount)
        else { return nil }
        self.bytes = bytes
        self.bitCount = bitCount
    }

    func contains(_ address: [UInt8]) -> Bool {
        var address = address
        // An IPv4 client of an IPv6 socket (RFC 4291 §2.5.5.2).
        if address.count == 16, self.bytes.count == 4,
            address.starts(with: [UInt8](repeating: 0, count: 10) + [255, 255])
        {
            address = Array(address[12...])
        }
        guard address.count == self.bytes.count else { return false }
        for bit in 0..<self.bitCount where (address[bit / 8] ^ self.bytes[bit / 8]) & (0x80 >> (bit % 8)) != 0 {
            return false
        }
        return true
    }
}

extension ForwardedHop {
    /// Nil for `unknown` and for names that hide an address (RFC 7239 §6).
    fileprivate var address: SocketAddress? {
        guard let node = self.node else { return nil }
        if let address = try? SocketAddress(ipAddress: node, port: 0) { return address }
        guard let endpoint = Endpoint(authority: node[...]) else { return nil }
        return try? SocketAddress(ipAddress: endpoint.host, port: endpoint.port ?? 0)
    }
}
