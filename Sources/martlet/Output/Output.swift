internal import Foundation

/// Lines for people and programs, written at once, one at a time.
enum Output {
    static func line(_ text: String) {
        Output.write(text, to: .standardOutput)
    }

    static func error(_ text: String) {
        Output.write(text, to: .standardError)
    }

    private static func write(_ text: String, to file: FileHandle) {
        do {
            try file.write(contentsOf: Data((text + "\n").utf8))
        } catch {
            // Whoever read us has gone; there is nobody to tell.
        }
    }
}
