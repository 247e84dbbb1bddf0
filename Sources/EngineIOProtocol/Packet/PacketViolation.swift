/// What is wrong with bytes that should be packets.
package enum PacketViolation: Error, Sendable, Hashable {
    /// A packet has at least its type.
    case empty
    case unknownType
    /// The byte that separates packets of a payload stands inside of one.
    case separator
    case notUTF8
    case notBase64
    case tooManyPackets
}
