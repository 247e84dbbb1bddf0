internal import HTTPTypes
public import WebSocketProtocol

/// Which pages of other origins may use the server (Fetch standard, "CORS protocol"), by polling and by WebSocket.
public struct EngineIOCORS: Sendable, Hashable {
    let policy: OriginPolicy
    private let allowsCredentials: Bool
    private let isAny: Bool
    /// How long a browser may remember the answer to a preflight request. Default nil: as long as it likes to, about 5 s.
    public var preflightMaximumAge: Duration?

    /// Any page of the web, without cookies when polling. A browser sends cookies with every WebSocket, so this is only for
    /// servers that take no authority from cookies.
    public static let dangerouslyAllowAnyOrigin = EngineIOCORS(
        policy: .dangerouslyAllowAnyOrigin, allowsCredentials: false, isAny: true)

    /// Pages of exactly these origins.
    /// - Parameters:
    ///   - origins: compared by scheme, host and port.
    ///   - credentials: true to let them poll with cookies, as `withCredentials` of the client asks for.
    public static func allow(_ origins: Set<Origin>, credentials: Bool = false) -> EngineIOCORS {
        EngineIOCORS(policy: .allow(origins), allowsCredentials: credentials, isAny: false)
    }
}

extension EngineIOCORS {
    /// What goes with every response.
    /// - Parameter origin: of the request; nil if it does not come from a page of another origin.
    func headerFields(for origin: String?) -> HTTPFields {
        guard !self.isAny else { return [.accessControlAllowOrigin: "*"] }
        // The answer depends on who asks, also where it says no.
        var fields: HTTPFields = [.vary: "Origin"]
        guard let origin, self.policy.allows(origin, own: nil) else { return fields }
        fields[.accessControlAllowOrigin] = origin
        if self.allowsCredentials { fields[.accessControlAllowCredentials] = "true" }
        return fields
    }

    /// The answer to a preflight request.
    func preflightHeaderFields(for request: HTTPRequest) -> HTTPFields {
        var fields = self.headerFields(for: request.headerFields[.origin])
        fields[.accessControlAllowMethods] = "GET,HEAD,PUT,PATCH,POST,DELETE"
        if let requested = request.headerFields[.accessControlRequestHeaders] {
            fields[.accessControlAllowHeaders] = requested
            fields[values: .vary].append("Access-Control-Request-Headers")
        }
        if let age = self.preflightMaximumAge { fields[.accessControlMaxAge] = "\(age.components.seconds)" }
        return fields
    }
}
