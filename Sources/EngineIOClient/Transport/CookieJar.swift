internal import HTTPTypes
internal import Synchronization

/// The cookies that a session's server has set, to be sent back with each further request: load balancers find the server that has
/// the session by them.
///
/// It lives as long as one session, whose requests all go to one host and path, so of the attributes only `Max-Age` counts, as far
/// as it removes a cookie (RFC 6265 §5.2.2).
final class CookieJar: Sendable {
    /// What browsers hold at least, RFC 6265 §6.1. Cookies beyond are passed over.
    static let maximumCount = 50
    /// Of a name and its value, in bytes; longer ones are passed over (RFC 6265 §6.1).
    static let maximumByteCount = 4096

    private let cookies = Mutex<[(name: Substring, value: Substring)]>([])

    /// - Parameter field: the value of one `Set-Cookie`.
    func received(_ field: String) {
        let parts = field.split(separator: ";", omittingEmptySubsequences: false).map { CookieJar.pair($0) }
        guard let first = parts.first, let value = first.value, !first.name.isEmpty,
            first.name.utf8.count + value.utf8.count <= CookieJar.maximumByteCount
        else { return }
        let isRemoved = parts.dropFirst().contains { part in
            part.name.lowercased() == "max-age" && part.value.map { $0 == "0" || $0.hasPrefix("-") } ?? false
        }
        self.cookies.withLock { cookies in
            let index = cookies.firstIndex { $0.name == first.name }
            switch (index, isRemoved) {
            case (let index?, true): cookies.remove(at: index)
            case (let index?, false): cookies[index].value = value
            case (nil, true): break
            case (nil, false): if cookies.count < CookieJar.maximumCount { cookies.append((first.name, value)) }
            }
        }
    }

    /// The fields with the cookies behind those that they have already, in one `Cookie` (RFC 6265 §5.4).
    func added(to fields: HTTPFields) -> HTTPFields {
        let own = self.cookies.withLock { $0.map { "\($0.name)=\($0.value)" } }
        guard !own.isEmpty else { return fields }
        var fields = fields
        let given = fields[values: .cookie].filter { !$0.isEmpty }
        fields[values: .cookie] = [(given + own).joined(separator: "; ")]
        return fields
    }

    private static func pair(_ part: Substring) -> (name: Substring, value: Substring?) {
        guard let equals = part.firstIndex(of: "=") else { return (part.trimmed, nil) }
        return (part[..<equals].trimmed, part[part.index(after: equals)...].trimmed)
    }
}

extension Substring {
    /// Without spaces and tabs around it.
    fileprivate var trimmed: Substring {
        var rest = self.drop { $0 == " " || $0 == "\t" }
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return rest
    }
}
