internal import WebSocketProtocol

/// What header fields mean in an opening handshake.
enum FieldMeaning {
    static func of(_ name: String, _ value: String, _ direction: WireRecorder.Direction) -> String? {
        let isRequest = direction == .sent
        switch name.lowercased() {
        case ":method":
            return "CONNECT with :protocol asks for a tunnel on this stream (RFC 8441 §4)"
        case ":protocol":
            return "what goes through the tunnel; it takes the place of Upgrade (RFC 8441 §4)"
        case ":scheme":
            return "https stands for wss:, http for ws: (RFC 8441 §5)"
        case ":authority":
            return "the host and port that the URL names; it takes the place of Host (RFC 9113 §8.3.1)"
        case ":path":
            return "what is asked for, with the query (RFC 9113 §8.3.1)"
        case ":status":
            return value.first == "2"
                ? "the tunnel is open; HTTP/2 has no 101, and no key and accept value (RFC 8441 §5)"
                : "the answer of HTTP (RFC 9110 §15)"
        case "host":
            return "the host and port that the URL names; a server may serve several (RFC 6455 §4.1)"
        case "upgrade":
            return isRequest
                ? "asks to go on in another protocol on this connection (RFC 9110 §7.8)"
                : "the protocol that this connection goes on in (RFC 9110 §7.8)"
        case "connection":
            return isRequest
                ? "says that Upgrade concerns this hop: a proxy must not pass it on blindly (RFC 9110 §7.6.1)"
                : value.equalsIgnoringASCIICase("close")
                    ? "the server closes the connection after this response"
                    : "confirms that Upgrade concerns this hop"
        case "sec-websocket-key":
            return "16 random bytes in base64; the server must prove that it read them (RFC 6455 §4.1)"
        case "sec-websocket-accept":
            return "the proof: base64(SHA-1(key + GUID)), see below (RFC 6455 §4.2.2)"
        case "sec-websocket-version":
            return isRequest
                ? "the version of the protocol; 13 is RFC 6455 (§4.1)"
                : "the versions that the server speaks (RFC 6455 §4.4)"
        case "sec-websocket-protocol":
            return isRequest
                ? "subprotocols that the client speaks, best first (RFC 6455 §1.9)"
                : "the subprotocol that the server chose among those offered (RFC 6455 §1.9)"
        case "sec-websocket-extensions":
            return isRequest
                ? "extensions that the client offers, best first; permessage-deflate compresses messages (RFC 6455 §9.1, RFC 7692)"
                : "the extensions in use, with the parameters that the server chose (RFC 6455 §9.1)"
        case "origin":
            return "the page that opens the connection, as a browser says it; servers check it (RFC 6455 §10.2)"
        case "authorization":
            return "credentials (RFC 9110 §11.6.2)"
        case "cookie":
            return "what the server set before (RFC 6265)"
        case "set-cookie":
            return "to be sent with later requests (RFC 6265)"
        case "www-authenticate":
            return "how to authenticate (RFC 9110 §11.6.1)"
        case "location":
            return "where to go instead (RFC 9110 §10.2.2)"
        case "allow":
            return "the methods that the path knows (RFC 9110 §10.2.1)"
        case "content-length":
            return "bytes of body behind the blank line"
        case "content-type":
            return "what the body is"
        case "server", "date", "via":
            return "for information"
        default:
            return nil
        }
    }
}
