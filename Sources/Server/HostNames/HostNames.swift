import DNSWire
import Routing

/// The host names of servers: their addresses, and when each is to be resolved again.
///
/// Without clock and sockets; times are milliseconds of a clock that never goes back.
struct HostNames {
    /// Addresses of one name that are used: the first in order, where there are more.
    static let addressesMax = 16
    /// What is made of short and long TTLs, in seconds.
    static let ttlSeconds: ClosedRange<UInt32> = 5...300
    /// Seconds until a name that could not be resolved is tried again: doubled each time.
    static let retrySeconds: ClosedRange<UInt64> = 1...30
    /// Milliseconds between two resolutions of a name whose addresses are all down: below a second, so that a server
    /// which has moved is back within one.
    static let downMilliseconds: UInt64 = 800

    private struct Host {
        var addresses: [IPAddress] = []
        var failuresInARow = 0
        var wasTried = false
        /// When it was resolved last, or begun to be.
        var triedAt: UInt64 = 0
    }

    /// What a resolution has changed.
    enum Change: Equatable {
        case nothing
        /// The name has other addresses from now on.
        case addresses([IPAddress])
        /// The first failure in a row; a clause says why, and the addresses stay.
        case failure(String, staying: [IPAddress])
        /// The addresses are those of before the failures.
        case recovery([IPAddress])
    }

    private var names: [DomainName] = []
    private var places: [DomainName: Int] = [:]
    private var hosts: [Host] = []
    // Apart from the rest, because all of them are looked at all the time; nil while a name is being resolved.
    private var dueTimes: [UInt64?] = []
    private var untriedCount = 0

    // MARK: - Names

    /// Follows these names and no others, each once; what is known of those that stay is kept.
    mutating func follow(_ followed: [DomainName], now: UInt64) {
        let known = followed.map { places[$0] }
        hosts = known.map { [hosts] place in place.map { hosts[$0] } ?? Host() }
        dueTimes = known.map { [dueTimes] place in place.map { dueTimes[$0] } ?? now }
        names = followed
        places = Dictionary(uniqueKeysWithValues: followed.enumerated().map { ($1, $0) })
        untriedCount = hosts.count { !$0.wasTried }
    }

    /// The addresses of all names that have some.
    var addresses: ServerAddresses {
        var addresses: ServerAddresses = [:]
        for (name, host) in zip(names, hosts) where !host.addresses.isEmpty {
            addresses[name] = host.addresses
        }
        return addresses
    }

    /// Whether each name has been resolved once, or could not be.
    var wereAllTried: Bool { untriedCount == 0 }

    // MARK: - Time

    /// When the next name is to be resolved; nil when all are being resolved.
    var nextDue: UInt64? { dueTimes.lazy.compactMap { $0 }.min() }

    /// The names that are to be resolved now, the longest overdue first; the caller says later what came of each.
    mutating func takeDue(now: UInt64, limit: Int) -> [DomainName] {
        guard limit > 0 else { return [] }
        var due: [(time: UInt64, place: Int)] = []
        for (place, time) in dueTimes.enumerated() {
            if let time, time <= now { due.append((time, place)) }
        }
        due.sort { $0 < $1 }
        return due.prefix(limit).map { _, place in
            dueTimes[place] = nil
            hosts[place].triedAt = now
            return names[place]
        }
    }

    /// Has names resolved soon, whatever their TTLs are, because no server answers at their addresses.
    mutating func resolveSoon(_ down: [DomainName]) {
        for name in down {
            guard let place = places[name], let due = dueTimes[place] else { continue }
            dueTimes[place] = min(due, hosts[place].triedAt + Self.downMilliseconds)
        }
    }

    // MARK: - Resolutions

    /// Takes what came of resolving a name.
    mutating func take(_ resolution: HostResolution, for name: DomainName, now: UInt64) -> Change {
        // The name may be followed no more.
        guard let place = places[name] else { return .nothing }
        if !hosts[place].wasTried { untriedCount -= 1 }
        hosts[place].wasTried = true
        let (change, seconds) = Self.take(resolution, &hosts[place])
        dueTimes[place] = now + seconds * 1000
        return change
    }

    /// What has changed, and the seconds until the next time.
    private static func take(_ resolution: HostResolution, _ host: inout Host) -> (Change, UInt64) {
        guard let (found, ttl) = merge(resolution, host.addresses) else {
            return fail(&host, reason(resolution))
        }
        let hadFailed = host.failuresInARow > 0
        host.failuresInARow = 0
        let seconds = UInt64(min(max(ttl, ttlSeconds.lowerBound), ttlSeconds.upperBound))
        if found != host.addresses {
            host.addresses = found
            return (.addresses(found), seconds)
        }
        return (hadFailed ? .recovery(found) : .nothing, seconds)
    }

    private static func fail(_ host: inout Host, _ reason: String) -> (Change, UInt64) {
        let doublings = min(UInt64(host.failuresInARow), 8)
        host.failuresInARow += 1
        let isFirst = host.failuresInARow == 1
        return (
            isFirst ? .failure(reason, staying: host.addresses) : .nothing,
            min(retrySeconds.lowerBound << doublings, retrySeconds.upperBound)
        )
    }

    /// The addresses from now on, in an order that does not depend on the server's; nil when there is no news.
    ///
    /// A family of which nothing is known this time keeps its addresses, when the other has some.
    private static func merge(
        _ resolution: HostResolution,
        _ known: [IPAddress]
    ) -> (addresses: [IPAddress], ttl: UInt32)? {
        var addresses: Set<IPAddress> = []
        var ttl: UInt32?
        for (isIPv4, answer) in [(true, resolution.ipv4), (false, resolution.ipv6)] {
            switch answer {
            case .found(let found, let seconds):
                addresses.formUnion(found)
                ttl = min(ttl ?? .max, seconds)
            case .failed, .truncated, nil:
                addresses.formUnion(known.filter { $0.isIPv4 == isIPv4 })
            case .absent: continue
            }
        }
        guard let ttl else { return nil }
        let sorted = addresses.sorted { ($0.isIPv4 ? 0 : 1, $0.bits) < ($1.isIPv4 ? 0 : 1, $1.bits) }
        return (Array(sorted.prefix(addressesMax)), ttl)
    }

    private static func reason(_ resolution: HostResolution) -> String {
        for answer in [resolution.ipv4, resolution.ipv6] {
            if case .failed(let reason) = answer { return reason }
        }
        if case .absent(let reason) = resolution.ipv4 { return reason }
        return "nothing is known of it"
    }
}
