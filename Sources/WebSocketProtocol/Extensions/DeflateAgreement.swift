/// What both sides of a connection agreed about permessage-deflate (RFC 7692 §7.1), as one of them sees it.
public struct DeflateAgreement: Sendable, Hashable {
    /// The base-2 logarithm of how far back in what we send a repetition may refer, 8 to 15.
    public let sendWindowBits: Int
    /// The same for what the peer sends.
    public let receiveWindowBits: Int
    /// Messages that we send may refer to earlier ones.
    public let sendContextTakeover: Bool
    /// Messages that the peer sends may refer to earlier ones.
    public let receiveContextTakeover: Bool

    package init(
        sendWindowBits: Int,
        receiveWindowBits: Int,
        sendContextTakeover: Bool,
        receiveContextTakeover: Bool
    ) {
        self.sendWindowBits = sendWindowBits
        self.receiveWindowBits = receiveWindowBits
        self.sendContextTakeover = sendContextTakeover
        self.receiveContextTakeover = receiveContextTakeover
    }
}
