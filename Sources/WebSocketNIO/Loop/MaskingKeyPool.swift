internal import WebSocketProtocol

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Cryptographically strong random numbers in blocks, so that a masking key costs no system call (RFC 6455 §5.3, §10.3).
///
/// The block lies in a page of its own that the kernel wipes in a child process, so that parent and child never use the
/// same keys. Not safe for concurrent use: each event loop has one.
final class MaskingKeyPool {
    private static let byteCount = 4096
    /// The first word says "filled"; it is zero in a fresh page and in the child of a fork.
    private static let headerByteCount = 8

    private let page: UnsafeMutableRawPointer
    @exclusivity(unchecked) private var offset = MaskingKeyPool.byteCount

    init() {
        #if canImport(Darwin)
            let flags = MAP_PRIVATE | MAP_ANON
        #else
            let flags = MAP_PRIVATE | MAP_ANONYMOUS
        #endif
        let address = mmap(nil, MaskingKeyPool.byteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let address, address != MAP_FAILED else {
            preconditionFailure("no memory for a page of random numbers")
        }
        self.page = address
        #if canImport(Darwin)
            // VM_INHERIT_NONE would unmap the page in the child; the pid check below is what Darwin gets instead.
            self.owner = getpid()
        #else
            // MADV_WIPEONFORK, Linux 4.14
            _ = madvise(address, MaskingKeyPool.byteCount, 18)
        #endif
    }

    #if canImport(Darwin)
        private var owner: pid_t
    #endif

    deinit {
        munmap(self.page, MaskingKeyPool.byteCount)
    }

    func nextKey() -> MaskingKey {
        MaskingKey(rawValue: self.next(UInt32.self))
    }

    func nextWord() -> UInt64 {
        self.next(UInt64.self)
    }

    private func next<Word: FixedWidthInteger & BitwiseCopyable>(_: Word.Type) -> Word {
        let size = MemoryLayout<Word>.size
        if self.offset + size > MaskingKeyPool.byteCount || !self.isFilled { self.refill() }
        let word = self.page.loadUnaligned(fromByteOffset: self.offset, as: Word.self)
        // What was handed out is not kept: a later leak of this page does not reveal keys already on the wire.
        self.page.storeBytes(of: 0, toByteOffset: self.offset, as: Word.self)
        self.offset += size
        return word
    }

    private var isFilled: Bool {
        #if canImport(Darwin)
            if self.owner != getpid() { return false }
        #endif
        return self.page.load(as: UInt64.self) != 0
    }

    private func refill() {
        #if canImport(Darwin)
            self.owner = getpid()
            arc4random_buf(self.page, MaskingKeyPool.byteCount)
        #else
            var filled = 0
            while filled < MaskingKeyPool.byteCount {
                // 256 is the most that one call gives.
                let count = min(256, MaskingKeyPool.byteCount - filled)
                guard getentropy(self.page + filled, count) == 0 else {
                    preconditionFailure("the system has no random numbers: errno \(errno)")
                }
                filled += count
            }
        #endif
        self.page.storeBytes(of: 1, as: UInt64.self)
        self.offset = MaskingKeyPool.headerByteCount
    }
}
