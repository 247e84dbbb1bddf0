import HTTPTypes
import WebSocketProtocol

/// The start of a connection from a trusted proxy: bounded, and the same however it was cut.
func fuzzProxyHeader(_ input: inout Input) {
    let bytes = input.rest()
    let whole = ProxyHeader.read(bytes[...])
    for cut in 0..<min(bytes.count, 200) {
        let part = ProxyHeader.read(bytes[..<cut])
        if part != .incomplete { check(part == whole, "what is decided stays decided") }
    }
    switch whole {
    case .incomplete: check(bytes.count < 16 + 2048, "a header has an end")
    case .invalid: break
    case .complete(let client, let byteCount):
        check((1...bytes.count).contains(byteCount), "a header is part of what was read")
        check(ProxyHeader.read(bytes[..<byteCount]) == whole, "what is behind it does not matter")
        switch client {
        case .text(let text, let port)?:
            check(!text.contains(" ") && (0...65535).contains(port), "a word and a port")
        case .bytes(let address, let port)?:
            check([4, 16].contains(address.count) && (0...65535).contains(port), "an address and a port")
        case nil: break
        }
    }
}

/// Fields in which proxies say whose a request is.
func fuzzForwarded(_ input: inout Input) {
    let isStandard = input.byte() % 2 == 0
    guard let name = HTTPField.Name(isStandard ? "forwarded" : "x-forwarded-for"),
        let scheme = HTTPField.Name("x-forwarded-proto")
    else { return }
    var fields = HTTPFields()
    for (index, line) in input.text().split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        fields.append(HTTPField(name: isStandard || index % 3 != 2 ? name : scheme, value: String(line)))
    }
    let hops = isStandard ? ForwardedHop.forwarded(fields) : ForwardedHop.xForwardedFor(fields)
    let commas = fields[values: name].reduce(0) { $0 + $1.utf8.count { $0 == UInt8(ascii: ",") } + 1 }
    check(hops.count <= commas, "no more hops than elements")
    for hop in hops {
        guard let node = hop.node else { continue }
        check(!node.contains("\"") && !node.contains(" "), "no quotes and no white space")
    }
}
