internal import WebSocketDeflate

/// The compressors and decompressors of one event loop, lent for one message at a time.
///
/// What a connection needs between messages is its ``History``; these have the large tables.
struct DeflateEngines {
    private var inflaters: [Inflater] = []
    private var deflaters: [Deflater] = []

    /// More than a few are in use only while messages arrive or leave in pieces.
    private static let maximumSpareCount = 4

    mutating func takeInflater() -> Inflater {
        self.inflaters.popLast() ?? Inflater()
    }

    mutating func giveBack(_ inflater: Inflater) {
        if self.inflaters.count < DeflateEngines.maximumSpareCount { self.inflaters.append(inflater) }
    }

    mutating func takeDeflater(_ parameters: Deflater.Parameters) -> Deflater {
        let index = self.deflaters.lastIndex { $0.parameters == parameters }
        guard let index else { return Deflater(parameters) }
        return self.deflaters.remove(at: index)
    }

    mutating func giveBack(_ deflater: Deflater) {
        if self.deflaters.count >= DeflateEngines.maximumSpareCount { self.deflaters.removeFirst() }
        self.deflaters.append(deflater)
    }
}
