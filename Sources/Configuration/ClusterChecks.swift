import DNSWire
import PresentationFormat
import Routing

/// Finds clusters that contradict each other, or themselves.
///
/// - Complexity: O(1) for each name, zone and range, so that thousands of clusters load at once.
struct ClusterChecks {
    /// What was found, in the order of the clusters.
    private(set) var problems: [(position: Position, message: String)] = []
    private var names: FirstPlaces<String>
    private var zones: FirstPlaces<Zone>
    private var ranges = FirstPlaces<IPPrefix>()
    private let files: [String]

    /// Gets ready for as many clusters.
    ///
    /// - Parameter files: their names, by the number in positions.
    init(clusters: Int, files: [String]) {
        self.files = files
        names = FirstPlaces(expecting: clusters)
        zones = FirstPlaces(expecting: clusters)
    }

    /// Names are what people and metrics call clusters by.
    mutating func add(name: String, at position: Position) {
        guard let first = names.add(name, at: position) else { return }
        report(
            position,
            "cluster `\(name)` is defined twice, first \(place(first, seenFrom: position)); rename or remove one"
        )
    }

    /// Zones are how names find their cluster.
    ///
    /// Each cluster has one of its own, below the root and apart from the pattern's parent.
    mutating func add(zone: DomainName, at position: Position, pattern: ConfigurationReader.Pattern) {
        guard !zone.isRoot else {
            report(position, "a cluster's zone cannot be the root; use `upstream` for all other names")
            return
        }
        if case .parent(let parent) = pattern, parent == zone {
            report(
                position,
                "zone \(zone.presentation) is the parent of `zonePattern`, where unknown clusters are denied;"
                    + " choose one below it"
            )
            return
        }
        guard let first = zones.add(Zone(name: zone), at: position) else { return }
        report(
            position,
            "zone \(zone.presentation) belongs to another cluster, see \(words(first, seenFrom: position)); choose another"
        )
    }

    /// Mapping must be reversible: were one name inside the other, some names would be mapped twice.
    mutating func add(zone: DomainName, clusterDomain domain: DomainName, at position: Position) {
        guard zone != domain, !zone.isRoot else { return }
        let (inner, outer) = zone.isAtOrBelow(domain) ? (zone, domain) : (domain, zone)
        guard inner.isAtOrBelow(outer) else { return }
        let (lower, upper) = inner == zone ? ("zone", "clusterDomain") : ("clusterDomain", "zone")
        report(
            position,
            "`\(lower)` \(inner.presentation) lies below `\(upper)` \(outer.presentation), so that names"
                + " would be mapped twice; make them equal or keep them apart"
        )
    }

    /// Of equal ranges only one cluster could be asked.
    mutating func add(reverse range: IPPrefix, at position: Position) {
        guard let first = ranges.add(range, at: position) else { return }
        report(
            position,
            "range \(range.text) belongs to another cluster, see \(words(first, seenFrom: position)); keep it in one of them"
        )
    }

    /// A server inside of what we forward could only be found with its own help.
    ///
    /// Called after all zones are known.
    mutating func add(hostName: DomainName, at position: Position, pattern: ConfigurationReader.Pattern) {
        var ancestor: DomainName? = hostName
        while let name = ancestor, !name.isRoot {
            if let zone = zones.place(of: Zone(name: name)) {
                report(
                    position,
                    "\(hostName.presentation) lies in the zone of a cluster, see \(words(zone, seenFrom: position)), and would be"
                        + " looked up through this server itself; write its IP address"
                )
                return
            }
            ancestor = name.parent
        }
        if case .parent(let parent) = pattern, hostName.isAtOrBelow(parent) {
            report(
                position,
                "\(hostName.presentation) lies below the parent of `zonePattern`, whose names are asked nowhere;"
                    + " write its IP address"
            )
        } else if SpecialUseNames.contain(hostName) {
            report(
                position,
                "\(hostName.presentation) is a special-use name, which no server resolves (RFC 6761);"
                    + " write its IP address"
            )
        }
    }

    /// A place, with its file unless that is the one where the problem is.
    private func words(_ place: Position, seenFrom position: Position) -> String {
        place.file == position.file
            ? place.words : "\(files[place.file]):\(place.line):\(place.column)"
    }

    private func place(_ place: Position, seenFrom position: Position) -> String {
        (place.file == position.file ? "on " : "in ") + words(place, seenFrom: position)
    }

    private mutating func report(_ position: Position, _ message: String) {
        problems.append((position, message))
    }
}

/// A zone as a key.
private struct Zone: Hashable {
    let name: DomainName

    /// Feeds one number, not each octet on its own.
    func hash(into hasher: inout Hasher) { hasher.combine(name.foldedHash) }
}
