/// The last bytes that went through a connection in one direction: as far back as its window reaches.
///
/// This is all that a connection keeps between messages. A compressor is told about it before each message instead of
/// living as long as the connection, which takes 40 KiB and more: see docs/decisions/0003.
package struct History: Sendable {
    package private(set) var bytes: [UInt8] = []
    package let windowByteCount: Int

    package init(windowBits: Int) {
        self.windowByteCount = 1 << windowBits
    }

    package mutating func append(_ new: UnsafeRawBufferPointer) {
        if new.count >= self.windowByteCount {
            self.bytes = Array(UnsafeRawBufferPointer(rebasing: new.suffix(self.windowByteCount)))
            return
        }
        let excess = self.bytes.count + new.count - self.windowByteCount
        if excess > 0 { self.bytes.removeFirst(excess) }
        // Once, to its final size: an array that grows by doubling would take half as much again.
        self.bytes.reserveCapacity(self.windowByteCount)
        self.bytes.append(contentsOf: new)
    }

    package mutating func removeAll() {
        self.bytes = []
    }
}
