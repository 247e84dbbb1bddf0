import HTTPTypes
import WebSocketProtocol

private func isVisibleASCII(_ text: String) -> Bool { text.utf8.allSatisfy { (0x21...0x7E).contains($0) } }

/// A URL of the user: whatever is accepted is safe to put into a request.
func fuzzURL(_ input: inout Input) {
    let text = input.text()
    do throws(WebSocketURLError) {
        let url = try WebSocketURL(text)
        check(isVisibleASCII(url.hostHeader) && !url.host.isEmpty, "a host of visible ASCII")
        check(isVisibleASCII(url.resourceName) && url.resourceName.hasPrefix("/"), "a path of visible ASCII")
        check((1...65535).contains(url.port), "a port that can be connected to")
        guard let again = try? WebSocketURL(url.description) else {
            fatalError("the description \(url) is no URL")
        }
        check(
            again.isSecure == url.isSecure && again.host == url.host && again.port == url.port
                && again.isIPv6Literal == url.isIPv6Literal && again.resourceName == url.resourceName
                && again.userInformation == nil,
            "the description says the same, without the password"
        )
        let endpoint = Endpoint(authority: url.hostHeader[...])
        check(endpoint?.host == url.host, "the host header is a host")
        guard let key = HandshakeKey(nonce: [UInt8](repeating: 0, count: 16)),
            let request = try? ClientHandshake(url: url, key: key).request
        else { fatalError("no request for \(url)") }
        for field in request.headerFields {
            check(field.value.utf8.allSatisfy(\.isFieldValueByte), "header values of one line")
        }
    } catch {
        check(error.description.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "an error of one line")
    }
}

/// The value of `Origin` or `Host`: one canonical spelling, and no page is let in that is not listed.
func fuzzOrigin(_ input: inout Input) {
    let text = input.text()
    if let endpoint = Endpoint(authority: text[...]) {
        let spelled = endpoint.port.map { "\(endpoint.bracketedHost):\($0)" } ?? endpoint.bracketedHost
        check(isVisibleASCII(spelled), "an authority of visible ASCII")
        check(Endpoint(authority: spelled[...]) == endpoint, "an authority spells itself")
        check(Origin(authority: text, isSecure: true) != nil, "an authority has an origin")
    }
    guard let other = Origin("https://app.example.com") else { fatalError("a plain origin") }
    guard let origin = Origin(text) else {
        check(!OriginPolicy.sameOrigin.allows(text, own: other), "no page without an origin")
        check(!OriginPolicy.allow([other]).allows(text, own: other), "no page without an origin")
        return
    }
    check(isVisibleASCII(origin.serialized), "an origin of visible ASCII")
    check(Origin(origin.serialized)?.serialized == origin.serialized, "one canonical spelling")
    check(OriginPolicy.sameOrigin.allows(text, own: origin), "a page may connect to its own server")
    let isOther = Array(origin.serialized.utf8) == Array(other.serialized.utf8)
    check(OriginPolicy.allow([other]).allows(text, own: nil) == isOther, "listed origins and no others")
}
