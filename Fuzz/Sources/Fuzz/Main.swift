#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// libFuzzer's own loop. Its `main` is not used: one program holds all targets.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Runs the target that the environment variable `FUZZ_TARGET` names, with libFuzzer's usual arguments.
///
/// An environment variable, because libFuzzer starts the program anew with arguments of its own when it minimizes.
@main
enum Main {
    static func main() {
        guard let name = getenv("FUZZ_TARGET").map({ String(cString: $0) }), let body = self.bodies[name] else {
            print("FUZZ_TARGET must be one of \(self.bodies.keys.sorted().joined(separator: ", "))")
            exit(2)
        }
        var argumentCount = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(runFuzzer(&argumentCount, &arguments, body))
    }

    private static let bodies: [String: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt] = [
        "frames": { run(fuzzFrames, $0, $1) },
        "masking": { run(fuzzMasking, $0, $1) },
        "utf8": { run(fuzzUTF8, $0, $1) },
        "close": { run(fuzzClosePayload, $0, $1) },
        "url": { run(fuzzURL, $0, $1) },
        "origin": { run(fuzzOrigin, $0, $1) },
        "base64": { run(fuzzBase64, $0, $1) },
        "server-handshake": { run(fuzzServerHandshake, $0, $1) },
        "client-handshake": { run(fuzzClientHandshake, $0, $1) },
        "proxy-header": { run(fuzzProxyHeader, $0, $1) },
        "forwarded": { run(fuzzForwarded, $0, $1) },
        "extensions": { run(fuzzExtensions, $0, $1) },
        "deflate": { run(fuzzDeflate, $0, $1) },
        "engineio-payload": { run(fuzzEngineIOPayload, $0, $1) },
        "engineio-request": { run(fuzzEngineIORequest, $0, $1) },
        "engineio-session": { run(fuzzEngineIOSession, $0, $1) },
        "socketio-packet": { run(fuzzSocketIOPacket, $0, $1) },
    ]
}

private func run(_ body: (inout Input) -> Void, _ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = Input(bytes: ArraySlice(UnsafeBufferPointer(start: bytes, count: count)))
    body(&input)
    return 0
}
