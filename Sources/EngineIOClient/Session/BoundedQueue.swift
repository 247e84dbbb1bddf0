internal import DequeModule
internal import Synchronization

/// Hands elements from tasks to one task, in order. Whoever puts one in waits while too much is in it.
final class BoundedQueue<Element: Sendable>: Sendable {
    private struct State {
        var elements: Deque<(element: Element, cost: Int)> = []
        var cost = 0
        var end: (any Error)??
        var consumer: CheckedContinuation<Void, Never>?
        var producers: [CheckedContinuation<Void, Never>] = []

        func hasRoom(_ cost: Int, _ capacity: Int) -> Bool {
            self.elements.isEmpty || self.cost + cost <= capacity
        }

        mutating func takeProducers() -> [CheckedContinuation<Void, Never>] {
            defer { self.producers = [] }
            return self.producers
        }
    }

    private let state = Mutex(State())
    private let capacity: Int

    /// How many wait for room.
    var waitingProducerCount: Int { self.state.withLock { $0.producers.count } }

    /// - Parameter capacity: what the costs of elements may add up to; one alone may cost more.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Waits for room.
    /// - Throws: what the queue was finished with, or `CancellationError`.
    func put(_ element: Element, cost: Int) async throws {
        repeat { try await self.waitForRoom(cost: cost) } while try !self.putIfRoom(element, cost: cost)
    }

    /// - Returns: false if there is no room.
    /// - Throws: what the queue was finished with.
    func putIfRoom(_ element: Element, cost: Int) throws -> Bool {
        let isPut = try self.state.withLock { state in
            if let end = state.end { throw end ?? CancellationError() }
            guard state.hasRoom(cost, self.capacity) else { return false }
            state.elements.append((element, cost))
            state.cost += cost
            return true
        }
        if isPut { self.wakeConsumer() }
        return isPut
    }

    /// Returns when there is room, which somebody else may take, or the end has come.
    /// - Throws: `CancellationError`.
    func waitForRoom(cost: Int) async throws {
        await self.wait { state, continuation in
            guard state.end == nil, !state.hasRoom(cost, self.capacity) else { return false }
            state.producers.append(continuation)
            return true
        }
        try Task.checkCancellation()
    }

    /// Puts in what must not wait, unless the end has come.
    func putNow(_ element: Element) {
        self.state.withLock { state in
            if state.end == nil { state.elements.append((element, 0)) }
        }
        self.wakeConsumer()
    }

    /// The next element; nil at the end.
    /// - Throws: what the queue was finished with, or `CancellationError`.
    func next() async throws -> Element? {
        while true {
            try Task.checkCancellation()
            let (element, producers, end) = self.state.withLock { state in
                let first = state.elements.popFirst()
                state.cost -= first?.cost ?? 0
                return (first?.element, state.takeProducers(), state.end)
            }
            for producer in producers { producer.resume() }
            if let element { return element }
            if let end {
                if let error = end { throw error }
                return nil
            }
            await self.wait { state, continuation in
                guard state.elements.isEmpty, state.end == nil else { return false }
                state.consumer = continuation
                return true
            }
        }
    }

    /// The next element if it is there and `isWanted`.
    func takeIf(_ isWanted: (Element) -> Bool) -> Element? {
        self.state.withLock { state in
            guard let first = state.elements.first, isWanted(first.element) else { return nil }
            state.elements.removeFirst()
            state.cost -= first.cost
            return first.element
        }
    }

    /// No more comes, but for one last element; what is in it can still be taken out.
    func finish(with last: Element? = nil, throwing error: (any Error)? = nil) {
        let waiting = self.state.withLock { state in
            if state.end == nil {
                if let last { state.elements.append((last, 0)) }
                state.end = .some(error)
            }
            return state.takeProducers()
        }
        for producer in waiting { producer.resume() }
        self.wakeConsumer()
    }

    private func wakeConsumer() {
        self.state.withLock { $0.consumer.take() }?.resume()
    }

    /// Waits until woken, or cancelled, unless `register` finds that there is no need to.
    private func wait(_ register: (inout State, CheckedContinuation<Void, Never>) -> Bool) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = self.state.withLock { !Task.isCancelled && register(&$0, continuation) }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            // Whoever is woken without need looks again and waits again.
            let (consumer, producers) = self.state.withLock { ($0.consumer.take(), $0.takeProducers()) }
            consumer?.resume()
            for producer in producers { producer.resume() }
        }
    }
}

extension Optional {
    fileprivate mutating func take() -> Wrapped? {
        defer { self = nil }
        return self
    }
}
