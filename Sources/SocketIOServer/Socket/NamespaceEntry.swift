internal import EngineIOServer
internal import Logging
internal import NIOCore
internal import OrderedCollections
internal import SocketIOProtocol

/// A client's way into a namespace: back to its socket if it can, past the middleware, to the application. On the
/// session's event loop, but for the middleware.
final class NamespaceEntry: @unchecked Sendable {
    // Safety: nothing changes.

    let namespace: SocketIONamespace
    private let connection: SocketIOConnection
    private let auth: SocketIOValue?
    private let former: FormerConnection?

    /// What a client that was here before says.
    private struct FormerConnection {
        let privateID: String
        let offset: String
    }

    init(connection: SocketIOConnection, namespace: SocketIONamespace, auth: SocketIOValue?) {
        self.connection = connection
        self.namespace = namespace
        if namespace.recovery != nil, case .object(var members) = auth,
            let privateID = members["pid"]?.string, let offset = members["offset"]?.string
        {
            members["pid"] = nil
            members["offset"] = nil
            self.auth = .object(members)
            self.former = FormerConnection(privateID: privateID, offset: offset)
        } else {
            self.auth = auth
            self.former = nil
        }
    }

    func begin() {
        guard let recovery = self.namespace.recovery, let former = self.former else { return self.ask(nil) }
        switch recovery.take(former.privateID) {
        case .away(let away):
            self.ask(away)
        case .connected(let socket):
            // Its connection is dead, whatever it looks like: nobody else knows the id.
            socket.connection.session.execute { session in
                session.fail(.transportClose)
                self.connection.session.execute { _ in
                    if case .away(let away) = recovery.take(former.privateID) {
                        self.ask(away)
                    } else {
                        self.ask(nil)
                    }
                }
            }
        case nil:
            self.ask(nil)
        }
    }

    /// Lets the middleware decide.
    private func ask(_ away: AwaySocket?) {
        let socket = SocketIOSocket(
            id: away?.id ?? SocketIOID.make(), namespace: self.namespace, auth: self.auth, connection: self.connection,
            away: away)
        let middleware = self.namespace.handlers.table.middleware
        guard !middleware.isEmpty else { return self.admit(socket, away) }
        self.connection.session.run {
            do {
                for decide in middleware { try await decide(socket) }
                self.connection.session.execute { _ in self.admit(socket, away) }
            } catch {
                self.connection.session.execute { _ in self.refuse(error) }
            }
        }
    }

    private func admit(_ socket: SocketIOSocket, _ away: AwaySocket?) {
        guard !self.connection.isClosed else {
            // It may try once more.
            if let away, let former = self.former {
                self.namespace.recovery?.disconnected(former.privateID, away, on: self.connection.loop)
            }
            return self.giveUp()
        }
        guard let away, let former = self.former else {
            self.connection.admit(socket, self)
            return socket.connected()
        }
        self.connection.admit(socket, self)
        guard !socket.reconnected(former.privateID, away, offset: former.offset) else { return }
        // Not all that it missed is there: a new socket, about which the middleware is asked again.
        self.connection.dismiss(socket, self)
        self.ask(nil)
    }

    private func refuse(_ error: any Error) {
        defer { self.giveUp() }
        guard !self.connection.isClosed else { return }
        if let error = error as? SocketIOConnectError {
            self.connection.refuse(self.namespace.name, error)
        } else {
            self.connection.loop.logger.error("Socket.IO middleware failed", metadata: ["error": "\(error)"])
            self.connection.refuse(self.namespace.name, SocketIOConnectError("The server failed"))
        }
    }

    private func giveUp() {
        self.connection.ended(self)
        self.namespace.server.leave(self.namespace)
    }
}
