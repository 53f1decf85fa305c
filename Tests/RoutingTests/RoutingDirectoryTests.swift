import DNSWire
import Testing

@testable import Routing

/// The numbers of servers and the tags of routes, over tables that follow each other.
@Suite struct RoutingDirectoryTests {
    private var directory = RoutingDirectory()

    private static func definitions(_ addresses: [String], weight: Int = 1) throws -> [ServerDefinition] {
        try addresses.map { ServerDefinition(.address(try address($0)), weight: weight) }
    }

    /// A table with these default servers.
    private mutating func table(
        _ servers: [ServerDefinition],
        addresses: ServerAddresses = [:],
        clusters: [ClusterDefinition] = [],
        now: UInt64 = 0
    ) -> RoutingTable {
        RoutingTable(
            defaultServers: servers,
            clusters: clusters,
            patternParent: nil,
            addresses: addresses,
            directory: &directory,
            now: now
        )
    }

    private mutating func table(_ servers: String..., now: UInt64 = 0) throws -> RoutingTable {
        table(try Self.definitions(servers), now: now)
    }

    @Test mutating func theNumbersOfAServerAreThoseOfItsAddresses() throws {
        let name = try #require(DomainName("dns.corp.example"))
        let named = ServerDefinition(.name(name))
        let plain = try Self.definitions(["10.0.0.2"])[0]
        let addresses: ServerAddresses = [name: [try address("10.0.0.1"), try address("10.0.0.2")]]
        _ = table([plain, named], addresses: addresses)
        #expect(directory.numbers(of: named, addresses).map(\.rawValue) == [1, 0])
        #expect(directory.numbers(of: plain, addresses).map(\.rawValue) == [0])
        // What no table has is given no number.
        #expect(directory.numbers(of: named, [:]).isEmpty)
        #expect(directory.numbers(of: ServerDefinition(.name(name), port: 54), addresses).isEmpty)
    }

    @Test mutating func aNumberIsNotUsedAgainWithinTheTimeOfRetirement() throws {
        let first = try table("10.0.0.1", now: 1000)
        _ = try table("10.0.0.2", now: 2000)
        let third = try table("10.0.0.3", now: 31_999)
        #expect(third.upstreams.count == 3)
        #expect(third.upstreams[0] == first.upstreams[0])
    }

    @Test mutating func aNumberThatNoTableUsedForAWhileIsUsedAgain() throws {
        _ = try table("10.0.0.1", now: 1000)
        _ = try table("10.0.0.2", now: 2000)
        let third = try table("10.0.0.2", "10.0.0.3", now: 32_000)
        #expect(third.upstreams.map(\.description) == ["10.0.0.3:53", "10.0.0.2:53"])
        #expect(third.routes[0].upstreams.map(\.rawValue) == [1, 0])
    }

    @Test mutating func aServerThatComesBackInTimeHasItsNumber() throws {
        _ = try table("10.0.0.1", now: 0)
        _ = try table("10.0.0.2", now: 1000)
        let third = try table("10.0.0.1", now: 30_999)
        #expect(third.routes[0].upstreams.map(\.rawValue) == [0])
        // It is in use: its old retirement is forgotten.
        let fourth = try table("10.0.0.1", "10.0.0.3", "10.0.0.4", now: 31_500)
        #expect(fourth.routes[0].upstreams.map(\.rawValue) == [0, 2, 3])
    }

    @Test mutating func aServerInUseKeepsItsNumberForEver() throws {
        for i in 0..<10 {
            let table = try table("10.0.0.1", now: UInt64(i) * 100_000)
            #expect(table.routes[0].upstreams.map(\.rawValue) == [0])
            #expect(table.upstreams.count == 1)
        }
    }

    @Test mutating func aThousandChangesOfAddressDoNotMakeItGrow() throws {
        for i in 0..<1000 {
            let table = try table("10.0.\(i / 250).\(i % 250)", "10.9.9.9", now: UInt64(i) * 5000)
            #expect(table.upstreams.count <= 9)
            let ids = table.routes[0].upstreams
            #expect(
                ids.map { table.upstreams[Int($0.rawValue)].description } == [
                    "10.0.\(i / 250).\(i % 250):53", "10.9.9.9:53",
                ]
            )
        }
    }

    @Test mutating func tagsOfRoutesThatAreGoneAreNeverUsedAgain() throws {
        let clusters = try ["east", "west"].map { try cluster($0, "\($0).k8s.corp") }
        var seen: Set<UInt32> = []
        for i in 0..<10 {
            let table = table([], clusters: i.isMultiple(of: 2) ? clusters : [])
            for route in table.routes.dropFirst() { #expect(seen.insert(route.cacheTag).inserted) }
        }
        #expect(seen.count == 10)
    }

    @Test mutating func theTagOfARouteDependsOnItsServersButNotOnTheirWeights() throws {
        let first = table(try Self.definitions(["10.0.0.1"]))
        let weighted = table(try Self.definitions(["10.0.0.1"], weight: 7))
        let moved = table(try Self.definitions(["10.0.0.2"]))
        #expect(weighted.routes[0].cacheTag == first.routes[0].cacheTag)
        #expect(weighted.routes[0].weights == [7])
        #expect(moved.routes[0].cacheTag != first.routes[0].cacheTag)
    }

    // MARK: - Servers by name

    @Test mutating func otherAddressesBehindANameLeaveTheTag() throws {
        let host = try name("dns.corp.example")
        let servers = [ServerDefinition(.name(host), port: 5353, weight: 3)]
        let first = table(servers, addresses: [host: [try address("10.0.0.1")]])
        let next = table(servers, addresses: [host: [try address("10.0.0.2"), try address("10.0.0.3")]])
        #expect(next.routes[0].cacheTag == first.routes[0].cacheTag)
        #expect(next.routes[0].upstreams.map(\.rawValue) == [1, 2])
        #expect(next.routes[0].weights == [3, 3])
        #expect(next.upstreams[1].description == "10.0.0.2:5353")
    }

    @Test mutating func aNameWithoutAddressIsNoServer() throws {
        let host = try name("dns.corp.example")
        let servers = [ServerDefinition(.name(host)), ServerDefinition(.address(try address("10.0.0.9")))]
        let without = table(servers)
        #expect(without.routes[0].upstreams.count == 1)
        #expect(without.routes[0].unresolvedName == "dns.corp.example")
        let with = table(servers, addresses: [host: [try address("10.0.0.9")]])
        // The same server twice is one.
        #expect(with.routes[0].upstreams.count == 1)
        #expect(with.routes[0].unresolvedName == nil)
    }

    @Test func theNamesOfServersAreListedOnce() throws {
        let names = try ["a.example", "b.example", "A.example"].map { ServerDefinition(.name(try name($0))) }
        #expect(
            (names + (try Self.definitions(["10.0.0.1"]))).names.map(\.hostName) == [
                "a.example", "b.example",
            ]
        )
    }
}
