internal import DequeModule
package import NIOCore

/// Runs the jobs of Swift tasks on one event loop.
///
/// A connection's task prefers this executor, so it runs where its bytes arrive: no thread hop, no lock, no wake-up. NIO's
/// own executor conformance takes one trip through the loop's queue per job; this one lets a connection that has just
/// read run the jobs it woke at once (``drain()``), and write their answers in the same turn.
package final class LoopExecutor: TaskExecutor, @unchecked Sendable {
    // Safety: `jobs` is touched on the event loop only; `requestTurn` is set once, before anybody else has the executor.

    package let eventLoop: any EventLoop
    @exclusivity(unchecked) private var jobs = Deque<UnownedJob>()
    /// Called when a job came in that nobody has promised to drain.
    var requestTurn: @Sendable () -> Void = {}

    /// The most jobs that ``drain()`` runs before other work of the loop gets its turn.
    private static let jobsPerDrain = 512

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if self.eventLoop.inEventLoop {
            self.jobs.append(job)
            self.requestTurn()
        } else {
            self.eventLoop.execute {
                self.jobs.append(job)
                self.requestTurn()
            }
        }
    }

    package var hasJobs: Bool { !self.jobs.isEmpty }

    /// Runs the jobs at hand, and those they bring about, up to a bound. On the event loop only.
    func drain() {
        guard !self.jobs.isEmpty else { return }
        let executor = self.asUnownedTaskExecutor()
        for _ in 0..<LoopExecutor.jobsPerDrain {
            guard let job = self.jobs.popFirst() else { return }
            job.runSynchronously(on: executor)
        }
    }
}
