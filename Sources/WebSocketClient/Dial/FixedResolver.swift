internal import NIOCore
internal import NIOPosix

/// Resolves every name to the addresses that it was given.
final class FixedResolver: Resolver, Sendable {
    private let addresses: [String]
    private let eventLoop: any EventLoop

    init(_ addresses: [String], _ eventLoop: any EventLoop) {
        self.addresses = addresses
        self.eventLoop = eventLoop
    }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        self.eventLoop.makeCompletedFuture { try self.socketAddresses(.inet, port) }
    }

    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        self.eventLoop.makeCompletedFuture { try self.socketAddresses(.inet6, port) }
    }

    func cancelQueries() {}

    private func socketAddresses(_ family: NIOBSDSocket.ProtocolFamily, _ port: Int) throws -> [SocketAddress] {
        try self.addresses.map { try SocketAddress(ipAddress: $0, port: port) }.filter { $0.protocol == family }
    }
}
