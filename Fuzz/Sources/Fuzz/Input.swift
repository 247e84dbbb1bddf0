/// What libFuzzer made up, taken from the front.
struct Input {
    var bytes: ArraySlice<UInt8>

    /// The next byte, 0 at the end.
    mutating func byte() -> UInt8 { self.bytes.popFirst() ?? 0 }

    /// All that is left.
    mutating func rest() -> [UInt8] {
        defer { self.bytes = [] }
        return Array(self.bytes)
    }

    /// All that is left as text, repaired where it is not UTF-8.
    mutating func text() -> String { String(decoding: self.rest(), as: UTF8.self) }
}

/// Cuts the bytes into pieces whose sizes follow from `seed`; some are empty.
func pieces(of bytes: [UInt8], seed: UInt8) -> [[UInt8]] {
    var state = UInt32(seed) &* 2_654_435_761 &+ 1
    var rest = bytes[...]
    var pieces: [[UInt8]] = []
    while !rest.isEmpty {
        state = state &* 1_664_525 &+ 1_013_904_223
        let size = Int(state >> 24) % (seed < 128 ? 5 : 70)
        pieces.append(Array(rest.prefix(size)))
        rest = rest.dropFirst(size)
    }
    return pieces
}

/// Ends the run with a finding unless the condition holds.
func check(_ condition: Bool, _ promise: @autoclosure () -> String, line: UInt = #line, file: StaticString = #file) {
    if !condition { fatalError("broken promise: \(promise())", file: file, line: line) }
}
