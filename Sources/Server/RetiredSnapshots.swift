import Forwarding

/// Old snapshots, held until no worker has them.
///
/// So the last reference ends on the control thread: to take a snapshot of thousands of routes apart takes longer than a
/// query may wait.
struct RetiredSnapshots {
    private var snapshots: [ForwardingSnapshot] = []

    /// Whether there are none.
    var isEmpty: Bool { snapshots.isEmpty }

    mutating func add(_ snapshot: ForwardingSnapshot) { snapshots.append(snapshot) }

    /// Lets go of those that nobody else has: nobody can get them any more.
    mutating func release() {
        for place in snapshots.indices.reversed() where isKnownUniquelyReferenced(&snapshots[place]) {
            snapshots.remove(at: place)
        }
    }
}
