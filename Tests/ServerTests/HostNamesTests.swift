import DNSWire
import Routing
import Testing

@testable import Server

/// When names are resolved, and what becomes of their addresses.
@Suite struct HostNamesTests {
    private var names = HostNames()
    private let host = DomainName("dns.corp.example") ?? DomainName()

    private static func found(_ texts: String..., ttl: UInt32 = 60) throws -> HostResolution {
        let all = try texts.map(address)
        let (ipv4, ipv6) = (all.filter(\.isIPv4), all.filter { !$0.isIPv4 })
        return HostResolution(
            ipv4: ipv4.isEmpty ? .absent("none") : .found(ipv4, ttlSeconds: ttl),
            ipv6: ipv6.isEmpty ? .absent("none") : .found(ipv6, ttlSeconds: ttl)
        )
    }

    private static let broken = HostResolution(ipv4: .failed("broken"), ipv6: .failed("broken"))
    private static let denied = HostResolution(ipv4: .absent("gone"), ipv6: .absent("gone"))

    /// Resolves what is due with a result.
    private mutating func resolve(_ resolution: HostResolution, now: UInt64) -> HostNames.Change? {
        guard let due = names.takeDue(now: now, limit: 1).first else { return nil }
        return names.take(resolution, for: due, now: now)
    }

    @Test mutating func aNewNameIsDueAtOnceAndOnlyOnce() {
        names.follow([host], now: 100)
        #expect(names.nextDue == 100)
        #expect(names.takeDue(now: 100, limit: 8) == [host])
        #expect(names.takeDue(now: 100, limit: 8) == [])
        #expect(names.nextDue == nil)
        #expect(!names.wereAllTried)
    }

    @Test mutating func theSetOfAddressesCountsNotItsOrder() throws {
        names.follow([host], now: 0)
        let first = try resolve(Self.found("10.0.0.6", "10.0.0.5", "2001:db8::1"), now: 0)
        #expect(first == .addresses(try addresses("10.0.0.5", "10.0.0.6", "2001:db8::1")))
        #expect(try resolve(Self.found("2001:db8::1", "10.0.0.5", "10.0.0.6"), now: 60_000) == .nothing)
        let third = try resolve(Self.found("10.0.0.7"), now: 120_000)
        #expect(third == .addresses(try addresses("10.0.0.7")))
        #expect(names.addresses == [host: try addresses("10.0.0.7")])
    }

    @Test(arguments: [(0, 5000), (4, 5000), (60, 60_000), (300, 300_000), (86_400, 300_000), (.max, 300_000)])
    mutating func theTTLHasAFloorAndACeiling(ttl: UInt32, milliseconds: UInt64) throws {
        names.follow([host], now: 1000)
        _ = try resolve(Self.found("10.0.0.5", ttl: ttl), now: 1000)
        #expect(names.nextDue == 1000 + milliseconds)
    }

    @Test mutating func ofManyAddressesTheFirstSixteenAreTaken() throws {
        names.follow([host], now: 0)
        let many = try (1...40).reversed().map { try address("10.0.0.\($0)") }
        let resolution = HostResolution(ipv4: .found(many, ttlSeconds: 60), ipv6: .absent("none"))
        #expect(resolve(resolution, now: 0) == .addresses(try (1...16).map { try address("10.0.0.\($0)") }))
    }

    // MARK: - Failures

    @Test mutating func addressesStayWhileResolutionFailsAndItIsSaidOnce() throws {
        names.follow([host], now: 0)
        _ = try resolve(Self.found("10.0.0.5"), now: 0)
        let staying = try addresses("10.0.0.5")
        #expect(resolve(Self.broken, now: 60_000) == .failure("broken", staying: staying))
        #expect(resolve(Self.denied, now: 61_000) == .nothing)
        #expect(names.addresses == [host: staying])
        #expect(try resolve(Self.found("10.0.0.5"), now: 63_000) == .recovery(staying))
        #expect(names.nextDue == 123_000)
    }

    @Test(arguments: [broken, denied])
    mutating func aNameWithoutAnyAddressIsTried(_ resolution: HostResolution) {
        names.follow([host], now: 0)
        guard case .failure(_, staying: []) = resolve(resolution, now: 0) else {
            Issue.record("no failure")
            return
        }
        #expect(names.wereAllTried)
        #expect(names.addresses.isEmpty)
    }

    @Test mutating func failuresAreRetriedLaterAndLaterUpToHalfAMinute() {
        names.follow([host], now: 0)
        var now: UInt64 = 0
        var pauses: [UInt64] = []
        for _ in 0..<12 {
            _ = resolve(Self.broken, now: now)
            let next = names.nextDue ?? 0
            pauses.append((next - now) / 1000)
            now = next
        }
        #expect(pauses == [1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30, 30])
    }

    @Test mutating func successEndsTheBackOff() throws {
        names.follow([host], now: 0)
        for now in [0, 1000, 3000] { _ = resolve(Self.broken, now: UInt64(now)) }
        _ = try resolve(Self.found("10.0.0.5"), now: 7000)
        _ = resolve(Self.broken, now: 67_000)
        #expect(names.nextDue == 68_000)
    }

    @Test mutating func aFamilyThatCannotBeAskedForKeepsItsAddresses() throws {
        names.follow([host], now: 0)
        _ = try resolve(Self.found("10.0.0.5", "2001:db8::1"), now: 0)
        let half = HostResolution(
            ipv4: .found(try addresses("10.0.0.6"), ttlSeconds: 60),
            ipv6: .failed("broken")
        )
        #expect(resolve(half, now: 60_000) == .addresses(try addresses("10.0.0.6", "2001:db8::1")))
        #expect(try resolve(Self.found("10.0.0.6"), now: 120_000) == .addresses(try addresses("10.0.0.6")))
    }

    @Test mutating func aDenialAndAFailureTogetherChangeNothing() throws {
        names.follow([host], now: 0)
        _ = try resolve(Self.found("10.0.0.5", "2001:db8::1"), now: 0)
        let half = HostResolution(ipv4: .absent("gone"), ipv6: .failed("broken"))
        let staying = try addresses("10.0.0.5", "2001:db8::1")
        #expect(resolve(half, now: 60_000) == .failure("broken", staying: staying))
    }

    // MARK: - Servers that are down

    @Test mutating func aNameWhoseServersAreDownIsResolvedBeforeItsTTLEnds() throws {
        names.follow([host], now: 0)
        _ = try resolve(Self.found("10.0.0.5", ttl: 300), now: 0)
        names.resolveSoon([host])
        #expect(names.nextDue == 800)
        _ = try resolve(Self.found("10.0.0.5", ttl: 300), now: 1000)
        names.resolveSoon([host])
        names.resolveSoon([host])
        #expect(names.nextDue == 1800)
    }

    @Test mutating func aNameWhoseServersAreDownIsResolvedBeforeItsBackOffEnds() throws {
        names.follow([host], now: 0)
        for now: UInt64 in [0, 1000, 3000, 7000] { _ = resolve(Self.broken, now: now) }
        names.resolveSoon([host])
        #expect(names.nextDue == 7800)
    }

    @Test mutating func nothingIsPutOffAndNothingIsResolvedTwiceAtOnce() throws {
        let other = try name("other.example")
        names.follow([host], now: 0)
        names.resolveSoon([host, other])
        #expect(names.nextDue == 0)
        #expect(names.takeDue(now: 5000, limit: 1) == [host])
        names.resolveSoon([host])
        #expect(names.nextDue == nil)
    }

    // MARK: - Many names

    @Test mutating func theLongestOverdueComeFirstAndNoMoreThanTheLimit() throws {
        let hosts = try (0..<10).map { try name("dns\($0).example") }
        names.follow(hosts, now: 0)
        #expect(names.takeDue(now: 0, limit: 3) == Array(hosts[0..<3]))
        #expect(names.takeDue(now: 0, limit: 0) == [])
        _ = try names.take(Self.found("10.0.0.5"), for: hosts[0], now: 0)
        #expect(names.takeDue(now: 60_000, limit: 100) == Array(hosts[3...]) + [hosts[0]])
    }

    @Test mutating func namesThatStayKeepWhatIsKnown() throws {
        let other = try name("other.example")
        names.follow([host, other], now: 0)
        _ = try resolve(Self.found("10.0.0.5"), now: 0)
        names.follow([other, host], now: 1000)
        #expect(names.addresses == [host: try addresses("10.0.0.5")])
        names.follow([other], now: 2000)
        #expect(names.addresses.isEmpty)
        // What was asked before counts no more.
        #expect(try names.take(Self.found("10.0.0.6"), for: host, now: 3000) == .nothing)
    }
}
