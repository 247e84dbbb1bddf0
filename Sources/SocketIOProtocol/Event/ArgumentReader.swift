/// Takes the arguments of an event one after the other, as what a handler wants them to be.
package struct ArgumentReader {
    private let event: String
    private let arguments: [SocketIOValue]
    private var index = 0

    package init(_ arguments: [SocketIOValue], of event: String) {
        self.event = event
        self.arguments = arguments
    }

    /// The next argument. One that is missing is as good as null.
    package mutating func next<Argument: Decodable>(_ type: Argument.Type) throws -> Argument {
        defer { self.index += 1 }
        let value = self.arguments.indices.contains(self.index) ? self.arguments[self.index] : .null
        do {
            return try value.decoded(as: type)
        } catch {
            throw SocketIOArgumentError(event: self.event, index: self.index, reason: error)
        }
    }
}
