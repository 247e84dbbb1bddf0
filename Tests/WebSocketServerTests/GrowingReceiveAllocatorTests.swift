import NIOCore
import Testing

@testable import WebSocketClient

@Suite("How much a client reads at once, through TLS or HTTP/2")
struct GrowingReceiveAllocatorTests {
    @Test("The buffer that NIO keeps is tiny; those behind it follow what arrives, within bounds")
    func sizes() {
        var receiving = GrowingReceiveAllocator()
        func capacity() -> Int { receiving.buffer(allocator: ByteBufferAllocator()).capacity }
        #expect(capacity() == 16)
        // A first read of any size.
        _ = receiving.record(actualReadBytes: 1)
        #expect(capacity() == 4096)
        for expected in [8192, 16384, 32768, 65536, 65536] {
            let mayGrow = receiving.record(actualReadBytes: capacity())
            #expect(mayGrow, "NIO must ask for each buffer")
            #expect(capacity() == expected)
        }
        _ = receiving.record(actualReadBytes: 20000)
        #expect(capacity() == 65536)
        for expected in [32768, 16384, 8192, 4096, 4096] {
            _ = receiving.record(actualReadBytes: 10)
            #expect(capacity() == expected)
        }
    }
}
