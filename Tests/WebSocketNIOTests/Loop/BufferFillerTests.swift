import NIOCore
import Testing

@testable import WebSocketNIO

@Suite("Filling a buffer through a pointer")
struct BufferFillerTests {
    @Test("What was written comes out in order, however often the buffer had to grow")
    func grows() {
        var filler = BufferFiller()
        #expect(filler.isFinished)
        filler.begin(ByteBufferAllocator().buffer(capacity: 1))
        var expected: [UInt8] = []
        for count in 0..<100 {
            let bytes = [UInt8](repeating: UInt8(count), count: count)
            let written = filler.append(bytes)
            #expect(written == count)
            expected += bytes
            #expect(filler.byteCount == expected.count)
        }
        let buffer = filler.finish()
        #expect(buffer == ByteBuffer(bytes: expected))
        #expect(filler.isFinished && filler.byteCount == 0)
        let second = filler.finish()
        #expect(second == nil)
    }

    @Test("Only what was written counts, not what room was asked for")
    func unusedRoom() throws {
        var filler = BufferFiller()
        filler.begin(ByteBuffer())
        let room = filler.room(for: 1000)
        let target = try #require(room)
        target.storeBytes(of: 7, as: UInt8.self)
        filler.wrote(1)
        let buffer = filler.finish()
        #expect(buffer == ByteBuffer(bytes: [7]))
    }

    @Test("A buffer that is used again starts empty")
    func reuse() {
        var filler = BufferFiller()
        filler.begin(ByteBuffer())
        _ = filler.append([1, 2, 3])
        var buffer = filler.finish() ?? ByteBuffer()
        buffer.clear()
        filler.begin(buffer)
        _ = filler.append([4])
        let second = filler.finish()
        #expect(second == ByteBuffer(bytes: [4]))
    }
}
