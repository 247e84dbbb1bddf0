internal import NIOCore
internal import SocketIOProtocol
internal import Synchronization

/// Sockets that belong together, with handlers of their own; a session may be in several namespaces.
///
/// Handlers are set as ``SocketIOHandling`` says; what is sent to all, or to rooms, as ``SocketIOBroadcasting`` says.
public final class SocketIONamespace: SocketIOHandling, SocketIOBroadcasting {
    /// Begins with a slash.
    public let name: String
    let server: SocketIOServer
    let handlers: NamespaceHandlers
    let recovery: RecoveryStore?
    private let nextAcknowledgmentID = Atomic<UInt64>(0)
    /// How many sockets it is there for, and whether it stays without any. It comes and goes within the server's lock.
    private let usage: Mutex<(count: Int, isFixed: Bool)>

    init(
        name: String, server: SocketIOServer, handlers: NamespaceHandlers, recovery: SocketIORecovery?, isFixed: Bool
    ) {
        self.name = name
        self.server = server
        self.handlers = handlers
        self.recovery = recovery.map { RecoveryStore($0, budget: server.recoveryBudget) }
        self.usage = Mutex((0, isFixed))
    }

    public var handlerRegistry: SocketIOHandlerRegistry { SocketIOHandlerRegistry(handlers: self.handlers) }
    public var everybody: SocketIOBroadcast { SocketIOBroadcast(namespace: self) }

    /// The id of the next event that wants an acknowledgment.
    func makeAcknowledgmentID() -> UInt64 {
        self.nextAcknowledgmentID.wrappingAdd(1, ordering: .relaxed).oldValue
    }
}

// MARK: - Existence

extension SocketIONamespace {
    func keep() { self.usage.withLock { $0.isFixed = true } }

    func enter() { self.usage.withLock { $0.count += 1 } }

    /// - Returns: true if it is empty, and was made up by a client.
    func leave() -> Bool {
        self.usage.withLock { usage in
            usage.count -= 1
            return usage.count == 0 && !usage.isFixed
        }
    }

    var isInUse: Bool { self.usage.withLock { $0.count > 0 || $0.isFixed } }
}

// MARK: - Sending

extension SocketIONamespace {
    /// Sends an event to all of a target, encoded once.
    /// - Parameter loops: where they are; nil for all event loops.
    func send(_ packet: SocketIOPacket, to target: BroadcastTarget, on loops: [SocketIOLoop]? = nil) {
        let loops = loops ?? self.server.loops
        guard let recovery = self.recovery else {
            let prepared = packet.encoded.prepared
            for loop in loops { loop.execute(in: self) { $0.members(of: self)?.send(prepared, to: target) } }
            return
        }
        recovery.send(packet.encoded, to: target) { prepared, number in
            if number != nil { loops.first?.eventLoop.execute { loops.first?.sweep(recovery) } }
            for loop in loops {
                loop.eventLoop.execute { loop.members(of: self)?.send(prepared, to: target, number: number) }
            }
        }
    }
}

extension NamespaceMembers {
    fileprivate func send(_ prepared: PreparedEngineIOMessage, to target: BroadcastTarget) {
        self.forEach(in: target) { $0.send(prepared, isVolatile: target.isVolatile) }
    }

    /// - Parameter number: of an event that may be recovered; nil for one that is not.
    fileprivate func send(_ prepared: PreparedEngineIOMessage, to target: BroadcastTarget, number: UInt64?) {
        self.forEach(in: target) { $0.send(prepared, isVolatile: target.isVolatile, number: number) }
        if let number { self.executedEvent = number }
    }
}
