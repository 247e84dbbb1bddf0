import WebSocketProtocol

/// A stream of frames: what comes out must not depend on how it was cut.
func fuzzFrames(_ input: inout Input) {
    let options = input.byte()
    let seed = input.byte()
    let bytes = input.rest()
    let role: Role = options & 1 == 0 ? .server : .client
    let allowed: ReservedBits = options & 2 == 0 ? [] : .rsv1
    let limits =
        switch options >> 2 & 3 {
        case 0: ReceiveLimits()
        case 1: ReceiveLimits(maximumMessageByteCount: 20, maximumFrameByteCount: 12, maximumFragmentCount: 4)
        case 2: ReceiveLimits(maximumMessageByteCount: .max, maximumFrameByteCount: .max, maximumFragmentCount: .max)
        default: ReceiveLimits(maximumMessageByteCount: 0, maximumFrameByteCount: 0, maximumFragmentCount: 1)
        }
    func transcript(_ pieces: [[UInt8]]) -> FrameTranscript {
        FrameTranscript(pieces, role: role, limits: limits, allowedReservedBits: allowed).ignoringPosition
    }
    let whole = transcript([bytes])
    let cut = transcript(pieces(of: bytes, seed: seed))
    check(cut == whole, "the same events for every cut, but \(cut) is not \(whole)")
    let single = transcript(bytes.map { [$0] })
    check(single == whole, "the same events byte by byte, but \(single) is not \(whole)")
    for case .control(let opcode, let payload) in whole.entries {
        check(opcode.isControl && payload.count <= 125, "control frames of at most 125 bytes")
    }
}

/// Masking against the formula of RFC 6455 §5.3.
func fuzzMasking(_ input: inout Input) {
    let keyBytes = [input.byte(), input.byte(), input.byte(), input.byte()]
    let key = MaskingKey(keyBytes[0], keyBytes[1], keyBytes[2], keyBytes[3])
    let cut = Int(input.byte())
    let source = input.rest()
    let expected = source.enumerated().map { $0.element ^ keyBytes[$0.offset % 4] }
    var destination = [UInt8](repeating: 0, count: source.count)
    let first = min(cut, source.count)
    var isASCII = true
    source.withUnsafeBytes { source in
        destination.withUnsafeMutableBytes { destination in
            guard let from = source.baseAddress, let to = destination.baseAddress else { return }
            isASCII = Masking.copy(from: from, to: to, count: first, key: key)
            let rest = source.count - first
            let second = Masking.copy(from: from + first, to: to + first, count: rest, key: key.advanced(by: first))
            isASCII = isASCII && second
        }
    }
    check(destination == expected, "byte i is masked with byte i mod 4 of the key")
    check(isASCII == expected.allSatisfy { $0 < 0x80 }, "the copy knows whether it wrote ASCII only")
}

/// UTF-8 against the standard library, whole and cut.
func fuzzUTF8(_ input: inout Input) {
    let seed = input.byte()
    let bytes = input.rest()
    func verdict(_ pieces: [[UInt8]]) -> (isPossible: Bool, isWhole: Bool) {
        var validator = UTF8Validator()
        for piece in pieces where !piece.withUnsafeBytes({ validator.validate($0) }) { return (false, false) }
        return (true, validator.isAtBoundary)
    }
    let whole = verdict([bytes])
    check(
        whole.isWhole == (String(validating: bytes, as: UTF8.self) != nil), "valid where the standard library says so")
    check(verdict(pieces(of: bytes, seed: seed)) == whole, "the same verdict for every cut")
    check(verdict(bytes.map { [$0] }) == whole, "the same verdict byte by byte")
    guard whole.isPossible, !whole.isWhole else { return }
    let completions: [[UInt8]] = [0x80, 0x90, 0xA0].flatMap { byte in
        (0...2).map { [byte] + Array(repeating: 0x80, count: $0) }
    }
    let canBeCompleted = completions.contains { String(validating: bytes + $0, as: UTF8.self) != nil }
    check(canBeCompleted, "what is not refused yet can still become valid")
}

/// The body of a Close frame.
func fuzzClosePayload(_ input: inout Input) {
    let body = input.rest()
    do throws(ProtocolViolation) {
        let payload = try ClosePayload(decoding: body)
        check(payload.encoded == body, "a decoded body encodes to itself")
        check(payload.code?.isAllowedOnTheWire != false, "only codes that may be on the wire")
        let outcome = CloseOutcome(sent: nil, received: payload, initiator: .remote)
        check(outcome.code == payload.code ?? .noStatusReceived, "the code is reported as received")
        let isVisible = outcome.description.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: false
            default: true
            }
        }
        check(isVisible, "nothing invisible in the description")
    } catch {
        switch error {
        case .closeBodyOneByte: check(body.count == 1, "one byte")
        case .closeReasonNotUTF8:
            check(String(validating: body.dropFirst(2), as: UTF8.self) == nil, "a reason that is not UTF-8")
        case .closeCodeInvalid: check(body.count >= 2, "an invalid code")
        default: check(false, "no other violation, but \(error)")
        }
    }
}
