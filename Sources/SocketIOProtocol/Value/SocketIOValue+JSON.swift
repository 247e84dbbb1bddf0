extension SocketIOValue {
    /// Reads JSON (RFC 8259), strictly.
    /// - Throws: ``SocketIOViolation`` if it is none, or nested deeper than 64 levels.
    public init(json: String) throws(SocketIOViolation) {
        var json = json
        let result = json.withUTF8 { utf8 in
            Result { () throws(SocketIOViolation) in
                var reader = JSONReader(UnsafeRawBufferPointer(utf8), from: 0, maximumDepth: 64)
                return try reader.readAll()
            }
        }
        self = try result.get()
    }
}
