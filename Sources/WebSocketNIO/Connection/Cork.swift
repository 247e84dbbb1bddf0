internal import NIOCore
internal import WebSocketProtocol

/// The frames of a turn that are not yet with the transport, side by side in one buffer.
///
/// A frame that connections share is not copied as long as it is alone.
struct Cork {
    private var filler = BufferFiller()
    private var shared: ByteBuffer?

    /// True if frames can be appended.
    var isOpen: Bool { !self.filler.isFinished }

    /// True if all there is is a frame that other connections have, too.
    var isShared: Bool { self.shared != nil }

    /// True if it is not open and holds nothing.
    var isEmpty: Bool { self.filler.isFinished && self.shared == nil }

    var byteCount: Int { self.filler.byteCount &+ (self.shared?.readableBytes ?? 0) }

    /// Holds a frame that connections share. To be called while empty only.
    mutating func share(_ frame: ByteBuffer) {
        assert(self.isEmpty)
        self.shared = frame
    }

    /// The shared frame, if it has this size at least: too large to be copied.
    mutating func takeShared(from byteCount: Int) -> ByteBuffer? {
        guard let shared = self.shared, shared.readableBytes >= byteCount else { return nil }
        return self.shared.take()
    }

    /// Takes over a buffer that nobody else refers to, for frames to be copied into.
    mutating func open(_ buffer: consuming ByteBuffer) {
        self.filler.begin(buffer)
        if let shared = self.shared.take() { self.append(shared) }
    }

    /// Appends whole frames. To be called while open only.
    mutating func append(_ frames: ByteBuffer) {
        guard let target = self.filler.room(for: frames.readableBytes) else { return }
        frames.withUnsafeReadableBytes { source in
            guard let from = source.baseAddress else { return }
            target.copyMemory(from: from, byteCount: source.count)
        }
        self.filler.wrote(frames.readableBytes)
    }

    /// Appends a frame, its payload masked if the header has a key; without a payload only the header. To be called while
    /// open only.
    @inline(__always)
    mutating func append(_ header: FrameHeader, copying payload: ByteBuffer?) {
        let room = FrameHeader.maximumByteCount + (payload == nil ? 0 : header.payloadLength)
        guard let target = self.filler.room(for: room) else { return }
        var count = FrameHeaderEncoder.encode(header, into: target)
        payload?.withUnsafeReadableBytes { source in
            guard let from = source.baseAddress else { return }
            if let key = header.maskingKey {
                Masking.copy(from: from, to: target + count, count: source.count, key: key)
            } else {
                (target + count).copyMemory(from: from, byteCount: source.count)
            }
            count &+= source.count
        }
        self.filler.wrote(count)
    }

    /// Gives away what there is; nil if that is nothing.
    mutating func finish() -> ByteBuffer? {
        self.shared.take() ?? self.filler.finish()
    }
}
