internal import DequeModule
internal import EngineIOServer
internal import NIOCore
internal import Synchronization

/// The events of a socket that wait for `async` handlers, which run one after the other. While too many wait, the session is
/// not read.
final class HandlerQueue: Sendable {
    typealias Job = @Sendable (SocketIOSocket) async -> Void

    private struct State {
        var jobs: Deque<Job> = []
        var isRunning = false
        var isHoldingUp = false
    }

    private let state = Mutex(State())
    private unowned let socket: SocketIOSocket
    private let maximumCount: Int

    init(socket: SocketIOSocket) {
        self.socket = socket
        self.maximumCount = socket.namespace.server.configuration.maximumWaitingEvents
    }

    /// True if nothing runs or waits.
    var isIdle: Bool { self.state.withLock { !$0.isRunning } }

    /// On the socket's event loop.
    func append(_ job: @escaping Job) {
        let (starts, holdsUp) = self.state.withLock { state in
            state.jobs.append(job)
            defer { state.isRunning = true }
            let holdsUp = !state.isHoldingUp && state.jobs.count > self.maximumCount
            if holdsUp { state.isHoldingUp = true }
            return (!state.isRunning, holdsUp)
        }
        if holdsUp { self.socket.connection.holdUp() }
        guard starts else { return }
        // The task keeps the socket, and the socket this.
        let socket = self.socket
        socket.connection.session.run { await self.drain(socket) }
    }

    private func drain(_ socket: SocketIOSocket) async {
        while true {
            let (job, goesOn) = self.state.withLock { state in
                let job = state.jobs.popFirst()
                if job == nil { state.isRunning = false }
                let goesOn = state.isHoldingUp && state.jobs.count <= self.maximumCount / 2
                if goesOn { state.isHoldingUp = false }
                return (job, goesOn)
            }
            if goesOn { socket.connection.session.execute { _ in socket.connection.goOn() } }
            guard let job else { return }
            await job(socket)
        }
    }
}
