package struct PayloadDecoder {
    /// ASCII record separator, between two packets.
    package static let separator: UInt8 = 0x1E
    /// Begins a binary message, in base64.
    package static let binaryMark = UInt8(ascii: "b")
}
