import DNSWire

/// Domains that look like those of Kubernetes clusters.
enum KubernetesZone {
    private static let labels: Set<String> = ["k8s", "kube", "kubernetes", "cluster", "clusters"]

    /// Whether a domain is cluster.local, or has a label that speaks of Kubernetes.
    static func isLikely(_ domain: DomainName) -> Bool {
        domain.folded.labels.contains { label in
            let label = String(decoding: label, as: UTF8.self)
            return labels.contains(label) || label.hasPrefix("k8s-") || label.hasPrefix("kube-")
                || label.hasSuffix("-k8s") || label.hasSuffix("-kube")
        }
    }

    /// The cluster domain of `svc.cluster.local` and `pod.cluster.local`; else the domain itself.
    static func clusterDomain(of domain: DomainName) -> DomainName {
        guard let first = domain.folded.labels.first, let parent = domain.parent, !parent.isRoot,
            ["svc", "pod"].contains(String(decoding: first, as: UTF8.self))
        else { return domain }
        return parent
    }
}
