/// A cluster to be written.
struct DraftCluster {
    /// A valid one that no other cluster has.
    var name: String
    var zone: DraftValue
    /// What the cluster itself serves.
    var clusterDomain: DraftValue
    var route = DraftRoute()
    /// Ranges that no other cluster has.
    var reverse: [DraftValue] = []
}
