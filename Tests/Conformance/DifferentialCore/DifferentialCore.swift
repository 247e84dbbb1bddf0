import NIOCore
import NIOEmbedded

/// Plays cases to our connection and tells what came of each: cases on standard input, a line of JSON per case on
/// standard output. `Tests/Conformance/differential/run.py` compares that with what another implementation does.
@main
struct DifferentialCore {
    static func main() throws {
        let loop = EmbeddedEventLoop()
        // Deadlines are computed with the system's clock.
        loop.advanceTime(to: .now())
        var cases = CaseReader(readStandardInput())
        while let next = cases.next() {
            writeLine(try Conversation(next, on: loop).play(next.reads))
        }
    }
}
