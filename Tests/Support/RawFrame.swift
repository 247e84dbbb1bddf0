/// A frame as RFC 6455 §5.2 draws it, written and read without any of the code under test.
struct RawFrame: Equatable, CustomStringConvertible {
    var isFinal = true
    var reserved: UInt8 = 0
    var opcode: UInt8
    var payload: [UInt8]
    /// The four bytes of the masking key; nil on an unmasked frame.
    var key: [UInt8]?

    static func text(_ text: String, isFinal: Bool = true) -> RawFrame {
        RawFrame(isFinal: isFinal, opcode: 1, payload: Array(text.utf8))
    }

    static func binary(_ payload: [UInt8], isFinal: Bool = true) -> RawFrame {
        RawFrame(isFinal: isFinal, opcode: 2, payload: payload)
    }

    static func continuation(_ payload: [UInt8], isFinal: Bool) -> RawFrame {
        RawFrame(isFinal: isFinal, opcode: 0, payload: payload)
    }

    static func close(_ code: UInt16?, _ reason: String = "") -> RawFrame {
        RawFrame(opcode: 8, payload: code.map { [UInt8($0 >> 8), UInt8($0 & 0xFF)] + Array(reason.utf8) } ?? [])
    }

    static func ping(_ payload: [UInt8] = []) -> RawFrame { RawFrame(opcode: 9, payload: payload) }
    static func pong(_ payload: [UInt8] = []) -> RawFrame { RawFrame(opcode: 10, payload: payload) }

    func masked(_ key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]) -> RawFrame {
        var frame = self
        frame.key = key
        return frame
    }

    var unmasked: RawFrame {
        var frame = self
        frame.key = nil
        return frame
    }

    var bytes: [UInt8] {
        var bytes = [(self.isFinal ? 0x80 : 0) | self.reserved << 4 | self.opcode]
        let mask: UInt8 = self.key == nil ? 0 : 0x80
        switch self.payload.count {
        case 0...125:
            bytes.append(mask | UInt8(self.payload.count))
        case 126...0xFFFF:
            bytes += [mask | 126, UInt8(self.payload.count >> 8), UInt8(self.payload.count & 0xFF)]
        default:
            bytes.append(mask | 127)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(self.payload.count >> shift & 0xFF))
            }
        }
        guard let key = self.key else { return bytes + self.payload }
        bytes += key
        for (index, byte) in self.payload.enumerated() { bytes.append(byte ^ key[index % 4]) }
        return bytes
    }

    /// Reads whole frames, their payloads unmasked.
    /// - Returns: nil if the bytes end inside a frame.
    static func parse(_ bytes: [UInt8]) -> [RawFrame]? {
        var frames: [RawFrame] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let (frame, byteCount) = self.parseFirst(rest) else { return nil }
            frames.append(frame)
            rest = rest.dropFirst(byteCount)
        }
        return frames
    }

    /// Reads the frame at the start, its payload unmasked.
    /// - Returns: the frame and its length on the wire; nil if it is not all there.
    static func parseFirst(_ bytes: ArraySlice<UInt8>) -> (frame: RawFrame, byteCount: Int)? {
        var rest = bytes
        func take(_ count: Int) -> [UInt8]? {
            guard rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        guard let start = take(2) else { return nil }
        var count = Int(start[1] & 0x7F)
        if count >= 126 {
            guard let length = take(count == 126 ? 2 : 8) else { return nil }
            count = length.reduce(0) { $0 << 8 | Int($1) }
        }
        var key: [UInt8]?
        if start[1] & 0x80 != 0 {
            guard let taken = take(4) else { return nil }
            key = taken
        }
        guard var payload = take(count) else { return nil }
        if let key { for index in payload.indices { payload[index] ^= key[index % 4] } }
        let frame = RawFrame(
            isFinal: start[0] & 0x80 != 0,
            reserved: start[0] >> 4 & 7,
            opcode: start[0] & 0x0F,
            payload: payload,
            key: key
        )
        return (frame, bytes.count - rest.count)
    }

    var description: String {
        let text = String(validating: self.payload.prefix(40), as: UTF8.self)?.debugDescription ?? "…"
        let head = "\(self.isFinal ? "" : "not final ")opcode \(self.opcode)\(self.key == nil ? "" : " masked")"
        return "<\(head), \(self.payload.count) bytes \(text)>"
    }
}
