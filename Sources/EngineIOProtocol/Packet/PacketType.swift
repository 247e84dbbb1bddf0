/// What a packet is for: the digit it begins with (Engine.IO protocol v4, "Packet types").
package enum PacketType: UInt8, Sendable, Hashable, CaseIterable {
    /// Server to client, first of all: the data of the session, as JSON.
    case open = 0x30
    /// The sender ends the session.
    case close
    /// Server to client; from a client only with the data `probe`, on a WebSocket that is to take over.
    case ping
    /// Client to server; from a server only as the answer to a probe.
    case pong
    case message
    /// Client to server: the WebSocket takes over from here.
    case upgrade
    /// Nothing. Makes a waiting poll return.
    case noop
}
