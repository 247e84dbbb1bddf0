/// Whom something is sent to, and how.
struct BroadcastTarget: Sendable {
    /// Empty means all of the namespace.
    var rooms: Set<String> = []
    /// Who is in one of these gets nothing.
    var except: Set<String> = []
    /// Not worth waiting: who can't take it now does not get it.
    var isVolatile = false
}
