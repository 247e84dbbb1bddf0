/// Agreeing on permessage-deflate in the opening handshake (RFC 7692 §5, §7.1).
package enum DeflateNegotiation {
    /// The window without an agreement, 32 KiB (§7.2.2).
    private static let largestWindowBits = 15
    /// The window that a server asks for if the application does not say.
    private static let wantedWindowBits = 12

    /// The server's answer to a client's offers: the first that can be accepted.
    /// - Returns: what is agreed, and the value of `Sec-WebSocket-Extensions` that says so; nil to decline.
    package static func answer(
        _ offers: [ExtensionElement],
        _ configuration: CompressionConfiguration
    ) -> (agreement: DeflateAgreement, fieldValue: String)? {
        guard let offer = offers.lazy.compactMap(DeflateParameters.init).first else { return nil }
        var response = DeflateParameters()
        response.serverNoContextTakeover = offer.serverNoContextTakeover || !configuration.sendContextTakeover
        response.clientNoContextTakeover = offer.clientNoContextTakeover || !configuration.receiveContextTakeover
        // May be said unasked, and must be if it was asked for (§7.1.2.1).
        let sendWindowBits = min(offer.serverMaxWindowBits ?? largestWindowBits, configuration.sendWindowBits)
        if offer.serverMaxWindowBits != nil || sendWindowBits < largestWindowBits {
            response.serverMaxWindowBits = sendWindowBits
        }
        let wantedWindowBits = configuration.receiveWindowBits ?? wantedWindowBits
        var receiveWindowBits = largestWindowBits
        switch offer.clientMaxWindowBits {
        case .unspecified:
            break
        case .supported:
            receiveWindowBits = wantedWindowBits
            response.clientMaxWindowBits = .bits(receiveWindowBits)
        case .bits(let bits):
            receiveWindowBits = min(bits, wantedWindowBits)
            response.clientMaxWindowBits = .bits(receiveWindowBits)
        }
        let agreement = DeflateAgreement(
            sendWindowBits: sendWindowBits,
            receiveWindowBits: receiveWindowBits,
            sendContextTakeover: !response.serverNoContextTakeover,
            receiveContextTakeover: !response.clientNoContextTakeover
        )
        return (agreement, response.fieldValue)
    }

    /// What a client offers, most wanted first: a server that can't limit its window declines the first offer.
    package static func offer(_ configuration: CompressionConfiguration) -> String {
        let wanted = DeflateNegotiation.offered(configuration)
        guard wanted.serverMaxWindowBits != nil else { return wanted.fieldValue }
        var fallback = wanted
        fallback.serverMaxWindowBits = nil
        return "\(wanted.fieldValue), \(fallback.fieldValue)"
    }

    private static func offered(_ configuration: CompressionConfiguration) -> DeflateParameters {
        var offer = DeflateParameters()
        offer.serverNoContextTakeover = !configuration.receiveContextTakeover
        offer.clientNoContextTakeover = !configuration.sendContextTakeover
        // Not unless the application says so: AWS API Gateway promises the window that it is asked for, and then refers back
        // further. Many servers, ours too, say unasked that theirs is smaller.
        if let bits = configuration.receiveWindowBits, bits < largestWindowBits {
            offer.serverMaxWindowBits = bits
        }
        // Without a value every answer is valid, and we may use less than it allows.
        offer.clientMaxWindowBits = .supported
        return offer
    }

    /// Judges a server's response to ``offer(_:)``.
    /// - Returns: nil if the server declined.
    /// - Throws: if the response is not valid for any offer (§5.1, §7.1), which fails the connection.
    package static func agreement(
        _ response: [ExtensionElement],
        _ configuration: CompressionConfiguration
    ) throws(HandshakeFailure) -> DeflateAgreement? {
        guard let element = response.first else { return nil }
        guard response.count == 1 else { throw .extensionRepeated }
        guard element.name == DeflateParameters.extensionName else { throw .extensionNotOffered }
        guard let answer = DeflateParameters(element) else { throw .extensionParameters }
        // A value is required in a response (§7.1.2.2).
        var sendWindowBits = configuration.sendWindowBits
        switch answer.clientMaxWindowBits {
        case .unspecified: break
        case .supported: throw .extensionParameters
        case .bits(let bits): sendWindowBits = min(bits, sendWindowBits)
        }
        // What we asked the server not to do it must promise not to do (§7.1.1.1).
        guard answer.serverNoContextTakeover || configuration.receiveContextTakeover else { throw .extensionParameters }
        return DeflateAgreement(
            sendWindowBits: sendWindowBits,
            receiveWindowBits: answer.serverMaxWindowBits ?? largestWindowBits,
            sendContextTakeover: configuration.sendContextTakeover && !answer.clientNoContextTakeover,
            receiveContextTakeover: !answer.serverNoContextTakeover
        )
    }
}
