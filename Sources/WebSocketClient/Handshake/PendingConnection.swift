internal import HTTPTypes
internal import NIOCore
internal import WebSocketNIO
internal import WebSocketProtocol

/// A connection that somebody waits for: what its handshake needs, in any version of HTTP.
struct PendingConnection {
    var exchange: HandshakeExchange
    let settings: ConnectionSettings
    let isSecure: Bool
    let watch: DialGuard
    let opened: EventLoopPromise<WebSocketConnection>

    /// The handler of the connection, which takes nothing in until it is released.
    func makeHandler(
        _ response: HTTPResponse,
        _ agreement: ClientHandshake.Agreement,
        on channel: any Channel,
        _ httpVersion: HTTPProtocolVersion,
        stream: StreamTransport? = nil
    ) -> ConnectionHandler {
        let handler = ConnectionHandler(
            loop: LoopContext.current(channel.eventLoop),
            settings: self.settings,
            handshake: HandshakeInformation(
                request: self.exchange.handshake.request,
                response: response,
                subprotocol: agreement.subprotocol,
                compression: agreement.compression,
                remoteAddress: channel.remoteAddress,
                isSecure: self.isSecure,
                httpVersion: httpVersion
            ),
            stream: stream
        )
        handler.hold()
        return handler
    }
}
