/// The bytes of one direction, and when they went by.
struct WireStream {
    let direction: WireRecorder.Direction
    private(set) var bytes: [UInt8] = []
    /// Milliseconds since the inspection began, by the offset behind each piece.
    private var times: [(end: Int, time: Double)] = []

    init(_ direction: WireRecorder.Direction) {
        self.direction = direction
    }

    init(_ chunks: [WireRecorder.Chunk], _ direction: WireRecorder.Direction, start: ContinuousClock.Instant) {
        self.direction = direction
        for chunk in chunks where chunk.direction == direction {
            self.append(chunk.bytes, at: Inspection.milliseconds(chunk.time - start))
        }
    }

    mutating func append(_ bytes: some Collection<UInt8>, at time: Double) {
        self.bytes += bytes
        self.times.append((self.bytes.count, time))
    }

    /// When the byte at an offset went by.
    func time(of offset: Int) -> Double {
        self.times.first { offset < $0.end }?.time ?? 0
    }
}
