internal import WebSocketProtocol

/// Explains frames from their bytes (RFC 6455 §5.2).
enum FrameDissector {
    static func frames(
        in bytes: ArraySlice<UInt8>,
        _ direction: WireRecorder.Direction,
        _ compression: DeflateAgreement?,
        time: (Int) -> Double
    ) -> [Report.Frame] {
        // What we sent is what a server demands, and the other way round.
        var decoder = FrameHeaderDecoder(
            role: direction == .sent ? .server : .client, allowedReservedBits: compression == nil ? [] : .rsv1)
        var messages = compression.map { CompressedMessages($0, direction) }
        var frames: [Report.Frame] = []
        var offset = 0
        while offset < bytes.count {
            let start = bytes.startIndex + offset
            let decoded = bytes.withUnsafeBytes { buffer in
                Result { () throws(ProtocolViolation) in try decoder.decode(buffer, at: &offset) }
            }
            guard case .success(let header?) = decoded, bytes.count - offset >= header.payloadLength else { break }
            let payloadStart = bytes.startIndex + offset
            offset += header.payloadLength
            let key = header.maskingKey ?? .none
            let masked = bytes[payloadStart..<(payloadStart + header.payloadLength)]
            let payload = masked.enumerated().map { index, byte in byte ^ key.byte(at: index) }
            let content = messages?.received(header, payload) ?? .unknown
            frames.append(
                Report.Frame(
                    direction: direction,
                    time: time(start),
                    opcode: "\(header.opcode)",
                    isFinal: header.isFinal,
                    isMasked: header.maskingKey != nil,
                    maskingKey: header.maskingKey.map { key in TerminalText.hexadecimal((0..<4).map(key.byte(at:))) },
                    payloadLength: header.payloadLength,
                    compressedByteCount: content.compressedByteCount,
                    messageByteCount: content.bytes?.count,
                    bytes: TerminalText.hexadecimal(
                        bytes[start..<(payloadStart + min(header.payloadLength, 64))], separator: " "),
                    payload: TerminalText.hexadecimal(payload.prefix(1024)),
                    meaning: FrameDissector.meaning(of: header, payload, content)
                )
            )
        }
        return frames
    }

    private static func meaning(
        of header: FrameHeader,
        _ payload: [UInt8],
        _ content: CompressedMessages.Content
    ) -> String {
        let start = header.isFinal ? "FIN" : "not final"
        let mask = header.maskingKey == nil ? "unmasked, as from a server" : "masked, as from a client"
        let about: String
        switch header.opcode {
        case .ping: about = "ping: the peer must answer with the same payload (§5.5.2)"
        case .pong: about = "pong: the answer to a ping, with its payload (§5.5.3)"
        case .close:
            if let close = try? ClosePayload(decoding: payload) {
                let code = close.code.map { "\($0)" } ?? "no code"
                let reason = close.reason.isEmpty ? "" : ", reason \(TerminalText.escaped(close.reason))"
                about = "close: \(code)\(reason) (§5.5.1)"
            } else {
                about = "close with a body that breaks the rules (§5.5.1)"
            }
        case .text where header.reservedBits.isEmpty:
            about = "text: \(TerminalText.escaped(String(decoding: payload.prefix(200), as: UTF8.self)))"
        case .text: about = "compressed text"
        case .binary where !header.reservedBits.isEmpty: about = "compressed binary"
        case .binary: about = "binary"
        case .continuation: about = "continuation of a message (§5.4)"
        }
        return "\(about); \(start), \(mask), payload of \(header.payloadLength) bytes" + content.description
    }
}
