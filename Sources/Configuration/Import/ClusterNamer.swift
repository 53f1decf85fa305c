import DNSWire
import Routing

/// Finds a name for each cluster that no other has.
struct ClusterNamer {
    /// `default` stands for the default route.
    private var taken: Set<String> = ["default"]
    /// How often a name was wanted, so that many equal ones do not take long.
    private var wanted: [String: Int] = [:]

    /// The first label of a zone, all of its labels, or these with a number.
    mutating func name(for zone: DomainName) -> String {
        let labels = zone.folded.labels.map { Self.label($0) }.filter { !$0.isEmpty }
        let short = labels.first ?? "cluster"
        return taken.insert(short).inserted ? short : name(labels.joined(separator: "-"))
    }

    /// A name that speaks of a range.
    mutating func name(for range: IPPrefix) -> String { name("reverse-\(range.text)") }

    /// What is left of a text as a label, with a number where it is taken.
    private mutating func name(_ text: String) -> String {
        let label = Self.label(Array(text.utf8))
        let base = label.isEmpty ? "cluster" : label
        while true {
            let count = wanted[base, default: 0] + 1
            wanted[base] = count
            let name = count == 1 ? base : Self.label(Array(base.utf8), "-\(count)")
            if taken.insert(name).inserted { return name }
        }
    }

    /// What is left of octets as a label of a host name, with room for a suffix.
    private static func label(_ octets: [UInt8], _ suffix: String = "") -> String {
        let hyphen = UInt8(ascii: "-")
        let plain = octets.map { HostNameText.isLabel([$0]) ? $0 : hyphen }.drop { $0 == hyphen }
        let cut = plain.prefix(63 - suffix.utf8.count).reversed().drop { $0 == hyphen }.reversed()
        return String(decoding: cut, as: UTF8.self) + suffix
    }
}
