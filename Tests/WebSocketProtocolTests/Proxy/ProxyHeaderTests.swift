import Testing
import WebSocketProtocol

@Suite("The PROXY protocol")
struct ProxyHeaderTests {
    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]
    private static let addresses: [UInt8] = [192, 0, 2, 9, 10, 0, 0, 1, 0x30, 0x39, 0, 80, 1, 2]

    @Test(
        "A header is read at every cut, and what is behind it is left",
        arguments: [
            (Array("PROXY TCP4 192.0.2.9 10.0.0.1 12345 80\r\n".utf8), .text("192.0.2.9", port: 12345)),
            (Array("PROXY TCP6 2001:db8::9 ::1 1 80\r\n".utf8), .text("2001:db8::9", port: 1)),
            (Array("PROXY UNKNOWN\r\n".utf8), nil),
            (signature + [0x21, 0x11, 0, 14] + addresses, .bytes([192, 0, 2, 9], port: 12345)),
            (signature + [0x21, 0x11, 0, 12] + addresses.prefix(12), .bytes([192, 0, 2, 9], port: 12345)),
            (signature + [0x20, 0, 0, 0], nil), (signature + [0x21, 0x31, 0, 2, 1, 2], nil),
        ] as [([UInt8], ProxyHeader.Client?)])
    func complete(bytes: [UInt8], client: ProxyHeader.Client?) {
        for cut in 0..<bytes.count {
            #expect(ProxyHeader.read(bytes[..<cut]) == .incomplete, "cut at \(cut)")
        }
        let whole = Array("…".utf8) + bytes + Array("GET".utf8)
        #expect(ProxyHeader.read(whole.dropFirst(3)) == .complete(client: client, byteCount: bytes.count))
    }

    @Test("Nothing else is taken for one")
    func invalid() {
        for text in [
            "GET / HTTP/1.1\r\n", "PROXY TCP4 192.0.2.9 10.0.0.1 12345\r\n", "PROXY \r\n", "PROXY\n",
            "PROXY TCP4 1.2.3.4 1.2.3.4 99999 1\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 -1 1\r\n",
            "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\n", "PROXY UDP4 1.2.3.4 1.2.3.4 1 1\r\n",
            "PROXY " + String(repeating: "x", count: 200),
        ] {
            #expect(ProxyHeader.read(Array(text.utf8)[...]) == .invalid, "\(text)")
        }
        for block: [UInt8] in [
            [0x11, 0x11, 0, 14], [0x22, 0x11, 0, 14], [0x21, 0x11, 0x08, 0x01], [0x21, 0x11, 0, 11],
            [0x21, 0x21, 0, 14],
        ] {
            let bytes = ProxyHeaderTests.signature + block + ProxyHeaderTests.addresses
            #expect(ProxyHeader.read(bytes[...]) == .invalid, "\(block)")
        }
    }
}
