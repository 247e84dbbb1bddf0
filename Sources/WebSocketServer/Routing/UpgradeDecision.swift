public import HTTPTypes

/// What becomes of a valid WebSocket request.
public enum UpgradeDecision: Sendable {
    /// The connection is opened.
    /// - Parameters:
    ///   - subprotocol: one of those the client offers, or nil for none.
    ///   - headerFields: extra fields of the 101 response, such as `Set-Cookie`.
    case accept(subprotocol: String? = nil, headerFields: HTTPFields = [:])
    /// The client gets this response, and may go on using the connection for HTTP.
    case refuse(ServerResponse)

    /// The connection is opened without a subprotocol.
    public static let accept = UpgradeDecision.accept()
}
