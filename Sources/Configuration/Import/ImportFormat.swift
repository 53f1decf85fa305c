/// The configurations of other resolvers that can be read.
public enum ImportFormat: String, CaseIterable, Sendable {
    /// A dnsmasq.conf.
    case dnsmasq
    /// A Corefile of CoreDNS.
    case corefile
    /// The ConfigMap of kube-dns, with `stubDomains` and `upstreamNameservers`.
    case stubdomains
}
