import EngineIOServer
import NIOCore
import Testing

@Suite struct PreparedMessageTests {
    @Test("A prepared message keeps its messages in order")
    func order() {
        let prepared = PreparedEngineIOMessage([.text("a"), .binary(ByteBuffer(bytes: [1, 2]))])
        #expect(prepared.messages == [.text("a"), .binary(ByteBuffer(bytes: [1, 2]))])
    }
}
