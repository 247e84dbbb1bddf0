import WebSocketDeflate

/// A message as deflate data, or as what is to be compressed.
func fuzzDeflate(_ input: inout Input) {
    let options = input.byte()
    let seed = input.byte()
    let windowBits = 8 + Int(options & 7)
    let history = options & 8 == 0 ? nil : Array("abcdefgh, the quick brown fox".utf8)
    let bytes = input.rest()
    if options & 16 == 0 {
        checkInflating(bytes, windowBits, history, seed)
    } else {
        checkRoundTrip(bytes, windowBits, history, seed)
    }
}

/// What comes out must not depend on how the data or the room for it is cut.
private func checkInflating(_ bytes: [UInt8], _ windowBits: Int, _ history: [UInt8]?, _ seed: UInt8) {
    let whole = Inflated([bytes], windowBits, history, room: 4096)
    // A bit stands for 258 bytes at most, and a repetition takes two.
    check(whole.output.count <= 1032 * (bytes.count + Inflater.tail.count), "no more than deflate can hold")
    // Little room at a time, unless there is a lot to come: that takes too long.
    let isShort = whole.output.count <= 1200
    let cut = Inflated(pieces(of: bytes, seed: seed), windowBits, history, room: Int(seed) + (isShort ? 1 : 1024))
    let single = isShort ? Inflated(bytes.map { [$0] }, windowBits, history, room: 1) : nil
    if windowBits == 15 {
        check(cut == whole, "the same for every cut")
        check(single == nil || single == whole, "the same byte by byte")
    } else if let single, single.end == .complete {
        // Repetitions from beyond a smaller window are noticed only where the bytes are gone: byte by byte, always.
        check(cut == single && whole == single, "what is right is right for every cut")
    }
}

/// What is compressed, whole or in pieces, comes out as it was.
private func checkRoundTrip(_ payload: [UInt8], _ windowBits: Int, _ history: [UInt8]?, _ seed: UInt8) {
    let deflater = Engines.deflater(windowBits: windowBits, level: 1 + Int(seed % 9))
    // Twice, since a compressor serves many messages.
    for pieces in [[payload], pieces(of: payload, seed: seed)] {
        deflater.begin(after: history.map { remembered($0, windowBits) })
        var compressed: [UInt8] = []
        for piece in pieces where !piece.isEmpty {
            var room = [UInt8](repeating: 0, count: Deflater.bound(piece.count))
            let count = piece.withUnsafeBytes { piece in
                room.withUnsafeMutableBytes { deflater.compress(piece, into: $0) }
            }
            guard let count else { fatalError("\(room.count) bytes are not room for \(piece.count)") }
            compressed += room.prefix(count)
        }
        compressed += Deflater.emptyPiece
        // Byte by byte, which allows no repetition from beyond the window.
        let inflated = Inflated(compressed.map { [$0] }, windowBits, history, room: 1)
        check(inflated == Inflated(end: .complete, output: payload), "what goes in comes out, but \(inflated)")
    }
}

private func remembered(_ bytes: [UInt8], _ windowBits: Int) -> History {
    var history = History(windowBits: windowBits)
    bytes.withUnsafeBytes { history.append($0) }
    return history
}

/// Made once, as for an event loop: to make them takes longer than all the rest, and they have to forget what was before.
private enum Engines {
    // Safety: libFuzzer's loop is on one thread.
    nonisolated(unsafe) static let inflater = Inflater()
    nonisolated(unsafe) private static var deflaters: [Deflater] = []

    static func deflater(windowBits: Int, level: Int) -> Deflater {
        if let made = self.deflaters.first(where: { $0.parameters.windowBits == windowBits && $0.parameters.level == level }) { return made }
        let new = Deflater(windowBits: windowBits, level: level)
        self.deflaters.append(new)
        return new
    }
}

/// What an ``Inflater`` makes of a message.
private struct Inflated: Equatable {
    enum End {
        case complete, insideBlock, failed
    }

    var end = End.failed
    var output: [UInt8] = []

    init(end: End, output: [UInt8]) {
        self.end = end
        self.output = output
    }

    init(_ pieces: [[UInt8]], _ windowBits: Int, _ history: [UInt8]?, room: Int) {
        let inflater = Engines.inflater
        inflater.begin(windowBits: windowBits, after: history.map { remembered($0, windowBits) })
        do throws(InflateError) {
            for piece in pieces { try self.append(piece, with: inflater, room: room) }
            if !inflater.hasEndedEarly { try self.append(Inflater.tail, with: inflater, room: room) }
            self.end = inflater.isAtBoundary ? .complete : .insideBlock
        } catch {
            // How much came out before the error was found depends on the cut.
            self.output = []
        }
    }

    private mutating func append(_ piece: [UInt8], with inflater: Inflater, room: Int) throws(InflateError) {
        let target = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 1)
        defer { target.deallocate() }
        var output: [UInt8] = []
        try piece.withUnsafeBytes { piece in
            Result { () throws(InflateError) in
                var rest = piece
                var count = room
                while count == room {
                    count = try inflater.inflate(&rest, into: target)
                    check(count <= room, "no more than there is room for")
                    output += target.prefix(count)
                }
                check(rest.isEmpty, "all of it is consumed where room is left")
            }
        }.get()
        self.output += output
    }
}
