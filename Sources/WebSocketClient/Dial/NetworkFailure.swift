internal import NIOCore
internal import NIOPosix
internal import NIOSSL

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// What NIO and BoringSSL report, in words for people.
enum NetworkFailure {
    /// - Returns: nil for what is no failure of the network.
    static func words(_ error: any Error) -> String? {
        switch error {
        case let error as NIOConnectionError:
            var said: [String] = []
            if error.connectionErrors.isEmpty {
                said = ["the name \(error.host) is not known"]
            }
            for each in error.connectionErrors {
                let address = each.target.ipAddress.map { "\($0): " } ?? ""
                let text = address + (self.words(each.error) ?? "\(each.error)")
                if !said.contains(text) { said.append(text) }
            }
            return said.joined(separator: "; ")
        case let error as IOError:
            return String(cString: strerror(error.errnoCode))
        case ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed, ChannelError.eof:
            return "the other side closed it at once"
        case is SocketAddressError.UnknownHost:
            return "the name is not known"
        default:
            return nil
        }
    }

    /// BoringSSL names the file of its own source where it failed; that helps nobody.
    static func tls(_ error: any Error) -> String {
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return
                "the certificate could not be verified: it is expired, for another name, or by nobody who is trusted here"
        }
        var parts = text.split(separator: " at ", omittingEmptySubsequences: false)
        for index in parts.indices.dropFirst() where parts[index].hasPrefix("/") {
            let end = parts[index].firstIndex { $0 == "]" || $0 == "," || $0 == " " } ?? parts[index].endIndex
            parts[index] = parts[index][end...]
            parts[index - 1] += parts[index]
            parts[index] = ""
        }
        return parts.filter { !$0.isEmpty }.joined(separator: " at ")
    }
}
