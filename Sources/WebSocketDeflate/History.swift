/// The last bytes that went through a connection in one direction: as far back as its window reaches.
///
/// This is all that a connection keeps between messages. A compressor is told about it before each message instead of
/// living as long as the connection, which takes 40 KiB and more: see docs/decisions/0003.
package struct History: Sendable {
    package let windowByteCount: Int
    /// A ring once the window is full: ``end`` is then behind the newest byte and at the oldest.
    private var ring: [UInt8] = []
    private var end = 0

    /// A larger window takes memory only as there are bytes for it: a peer may have one of 32 KiB and never fill it.
    private static let firstByteCount = 4096

    package init(windowBits: Int) {
        self.windowByteCount = 1 << windowBits
    }

    /// Costs what the new bytes are, however large the window is.
    package mutating func append(_ new: UnsafeRawBufferPointer) {
        var rest = new.suffix(self.windowByteCount)
        let fresh = rest.prefix(self.windowByteCount - self.ring.count)
        if !fresh.isEmpty {
            self.reserve(self.ring.count + fresh.count)
            self.ring.append(contentsOf: fresh)
            rest = rest.dropFirst(fresh.count)
        }
        while !rest.isEmpty {
            let start = self.end
            let run = rest.prefix(self.windowByteCount - start)
            self.ring.withUnsafeMutableBytes { ring in
                UnsafeMutableRawBufferPointer(rebasing: ring[start...]).copyMemory(from: .init(rebasing: run))
            }
            self.end = (start + run.count) % self.windowByteCount
            rest = rest.dropFirst(run.count)
        }
    }

    /// Doubles, but never past the window: an array left to itself would take up to as much again.
    private mutating func reserve(_ byteCount: Int) {
        guard byteCount > self.ring.capacity else { return }
        var capacity = History.firstByteCount
        while capacity < byteCount { capacity *= 2 }
        self.ring.reserveCapacity(min(capacity, self.windowByteCount))
    }

    /// Room that is taken.
    package var capacity: Int { self.ring.capacity }

    /// Calls `body` with the bytes from the oldest on, in one run or two.
    package func forEachRun(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        self.ring.withUnsafeBufferPointer { ring in
            if self.end < ring.count { body(UnsafeBufferPointer(rebasing: ring[self.end...])) }
            if self.end > 0 { body(UnsafeBufferPointer(rebasing: ring[..<self.end])) }
        }
    }
}
