internal import ArgumentParser

/// A failure of a command in one line. It is printed as it stands; the exit status is 1.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
