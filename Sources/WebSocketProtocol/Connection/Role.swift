/// Which end of the connection we are. A client masks what it sends, a server never does (RFC 6455 §5.1).
public enum Role: Sendable, Hashable {
    case client
    case server
}
