/// The ways in which a stream may reach a decoder: whole, byte by byte, and in two pieces cut at every point.
func everyCut(of bytes: [UInt8]) -> [[[UInt8]]] {
    let cuts = bytes.indices.dropFirst().map { [Array(bytes[..<$0]), Array(bytes[$0...])] }
    return [[bytes], bytes.map { [$0] }] + cuts
}
