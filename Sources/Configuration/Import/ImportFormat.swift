/// The configurations of other resolvers that can be read.
public enum ImportFormat: String, CaseIterable, Sendable {
    /// A dnsmasq.conf.
    case dnsmasq
}
