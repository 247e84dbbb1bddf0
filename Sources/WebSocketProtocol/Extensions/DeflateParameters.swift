/// The four parameters of permessage-deflate (RFC 7692 §7.1), in an offer or in a response.
struct DeflateParameters: Hashable {
    enum ClientWindow: Hashable {
        /// The parameter is not there: the server must not ask for a smaller window (§7.1.2.2).
        case unspecified
        /// There without a value: the client can be asked. In an offer only.
        case supported
        case bits(Int)
    }

    static let extensionName = "permessage-deflate"

    var serverNoContextTakeover = false
    var clientNoContextTakeover = false
    var serverMaxWindowBits: Int?
    var clientMaxWindowBits = ClientWindow.unspecified

    init() {}

    /// - Returns: nil for another extension, and for a parameter that is unknown, repeated or out of range, which makes an
    ///   offer declined and a response invalid (§7.1).
    init?(_ element: ExtensionElement) {
        guard element.name == DeflateParameters.extensionName else { return nil }
        var seen: Set<String> = []
        for parameter in element.parameters {
            guard seen.insert(parameter.name).inserted else { return nil }
            switch (parameter.name, parameter.value) {
            case ("server_no_context_takeover", nil):
                self.serverNoContextTakeover = true
            case ("client_no_context_takeover", nil):
                self.clientNoContextTakeover = true
            case ("server_max_window_bits", let value?):
                guard let bits = DeflateParameters.windowBits(value) else { return nil }
                self.serverMaxWindowBits = bits
            case ("client_max_window_bits", nil):
                self.clientMaxWindowBits = .supported
            case ("client_max_window_bits", let value?):
                guard let bits = DeflateParameters.windowBits(value) else { return nil }
                self.clientMaxWindowBits = .bits(bits)
            default:
                return nil
            }
        }
    }

    /// A decimal number from 8 to 15 without leading zeros (§7.1.2).
    private static func windowBits(_ value: String) -> Int? {
        switch value {
        case "8": 8
        case "9": 9
        case "10": 10
        case "11": 11
        case "12": 12
        case "13": 13
        case "14": 14
        case "15": 15
        default: nil
        }
    }

    /// As it stands in `Sec-WebSocket-Extensions`.
    var fieldValue: String {
        var value = DeflateParameters.extensionName
        if self.serverNoContextTakeover { value += "; server_no_context_takeover" }
        if self.clientNoContextTakeover { value += "; client_no_context_takeover" }
        if let bits = self.serverMaxWindowBits { value += "; server_max_window_bits=\(bits)" }
        switch self.clientMaxWindowBits {
        case .unspecified: break
        case .supported: value += "; client_max_window_bits"
        case .bits(let bits): value += "; client_max_window_bits=\(bits)"
        }
        return value
    }
}
