extension WebSocketURL {
    /// Resolves a reference of a `Location` field against this URL (RFC 3986 §5.2). A fragment is dropped: it is for
    /// documents.
    package func resolving(_ reference: String) throws(WebSocketURLError) -> WebSocketURL {
        var reference = reference[...]
        if let hash = reference.utf8.firstIndex(of: UInt8(ascii: "#")) { reference = reference[..<hash] }
        if let colon = reference.firstRange(of: "://"),
            reference[..<colon.lowerBound].utf8.allSatisfy({ $0.isASCIILetter || $0 == UInt8(ascii: "+") })
        {
            return try WebSocketURL(String(reference))
        }
        let scheme = self.isSecure ? "wss" : "ws"
        if reference.hasPrefix("//") { return try WebSocketURL("\(scheme):\(reference)") }
        let base = "\(scheme)://\(self.hostHeader)"
        if reference.hasPrefix("/") { return try WebSocketURL(base + WebSocketURL.withoutDots(reference)) }
        let own = self.resourceName.utf8.firstIndex(of: UInt8(ascii: "?")).map { self.resourceName[..<$0] }
        let path = own ?? self.resourceName[...]
        if reference.isEmpty { return try WebSocketURL(base + self.resourceName) }
        if reference.hasPrefix("?") { return try WebSocketURL(base + path + reference) }
        let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[...$0] } ?? "/"
        return try WebSocketURL(base + WebSocketURL.withoutDots(folder + reference))
    }

    /// RFC 3986 §5.2.4.
    private static func withoutDots(_ target: Substring) -> String {
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        let segments = target[..<mark].split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        var kept: [Substring] = []
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch segment {
            case ".": if isLast { kept.append("") }
            case "..":
                _ = kept.popLast()
                if isLast { kept.append("") }
            default: kept.append(segment)
            }
        }
        return "/" + kept.joined(separator: "/") + target[mark...]
    }
}

extension UInt8 {
    fileprivate var isASCIILetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
    }
}
