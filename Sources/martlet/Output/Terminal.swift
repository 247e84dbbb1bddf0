internal import Foundation
internal import NIOPosix

/// Standard input.
enum Terminal {
    /// True if a person types.
    static var isInteractive: Bool { isatty(0) == 1 }

    /// The next line of standard input without its end, or nil after the last one. Waits in a thread of its own; the line
    /// after it is read only when it is asked for.
    static func nextLine() async -> String? {
        try? await NIOThreadPool.singleton.runIfActive { readLine(strippingNewline: true) }
    }
}
