internal import Foundation
internal import NIOCore
internal import NIOExtras

/// A capture file in the format of tcpdump and Wireshark.
final class CaptureFile: @unchecked Sendable {
    // Safety: the sink serializes its writes itself; nothing else changes.
    private let sink: NIOWritePCAPHandler.SynchronizedFileSink

    init(path: String) throws {
        // The sink does not say why a file can't be created.
        guard let file = fopen(path, "wb") else {
            throw CommandFailure("can't create \(path): \(String(cString: strerror(errno)))")
        }
        fclose(file)
        do {
            self.sink = try NIOWritePCAPHandler.SynchronizedFileSink.fileSinkWritingToFile(path: path) { error in
                Output.error("can't write to \(path): \(error)")
            }
        } catch {
            throw CommandFailure("can't create \(path): \(error)")
        }
    }

    /// Records the plain bytes of a connection that has just been opened.
    func attach(to pipeline: ChannelPipeline.SynchronousOperations) throws {
        try pipeline.addHandler(NIOWritePCAPHandler(mode: .client, fileSink: self.sink.write(buffer:)))
    }

    func close() async throws {
        try await self.sink.close()
    }
}
