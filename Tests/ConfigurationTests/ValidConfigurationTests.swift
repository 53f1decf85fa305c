import Configuration
import DNSWire
import PresentationFormat
import Routing
import Testing

/// Nothing valid is refused, and every value arrives.
@Suite struct ValidConfigurationTests {
    @Test func everyKeyArrives() throws {
        let read = try configuration(
            """
            listen: [0.0.0.0:5300, "[2001:db8::53]:5300", 192.0.2.1]
            workers: 4
            access:
              allow: [10.0.0.0/8, "fd00::/8", 192.0.2.7]
              diagnostics: ["::1"]
              waitingPerClient: 50
            upstream:
              servers:
                [/etc/resolv.conf, 192.0.2.2, "192.0.2.3:5353", tcp://192.0.2.4, "tcp://[2001:db8::4]:853"]
            clusters:
              - name: east
                zone: East.k8s.corp.
                clusterDomain: cluster.example
                servers: [10.1.0.10, 10.1.0.11:5353, "2001:db8::10", "[2001:db8::11]:54", tcp://10.1.0.12]
                policy: ordered
                reverse: [10.96.0.0/12, 10.244.1.32/27, "fd00:1:2::/50", 0.0.0.0/0]
              - {name: west.eu, servers: [10.2.0.10]}
            zonePattern: "{cluster}.k8s.corp"
            cache:
              {size: 1GiB, minTTL: 1s, maxTTL: 1d, negativeTTL: 2m, serveStale: 1d, staleAfter: 1800ms, prefetch: false}
            log: {level: debug, format: json}
            """
        )
        #expect(
            read.listen.map { Upstream(address: $0.address, port: $0.port).description } == [
                "0.0.0.0:5300", "[2001:db8::53]:5300", "192.0.2.1:53",
            ]
        )
        #expect(read.workers == 4)
        #expect(read.access.allow.map(\.text) == ["10.0.0.0/8", "fd00::/8", "192.0.2.7/32"])
        #expect(read.access.diagnostics?.map(\.text) == ["::1/128"])
        #expect(read.access.waitingPerClient == 50)
        #expect(
            read.servers.map(words) == [
                "udp 192.0.2.53:53", "udp 192.0.2.2:53", "udp 192.0.2.3:5353", "tcp 192.0.2.4:53",
                "tcp [2001:db8::4]:853",
            ]
        )
        #expect(read.patternParent?.presentation == "k8s.corp")
        #expect(
            read.cache
                == CacheConfiguration(
                    sizeBytes: 1 << 30,
                    minTTLSeconds: 1,
                    maxTTLSeconds: 86_400,
                    negativeTTLSeconds: 120,
                    serveStaleSeconds: 86_400,
                    staleAfterMilliseconds: 1800,
                    prefetch: false
                )
        )
        #expect(read.log == LogConfiguration(level: .debug, format: .json))
        let east = try #require(read.clusters.first)
        #expect(east.name == "east")
        #expect(east.zone.presentation == "East.k8s.corp")
        #expect(east.clusterDomain.presentation == "cluster.example")
        #expect(
            east.servers.map(words) == [
                "udp 10.1.0.10:53", "udp 10.1.0.11:5353", "udp [2001:db8::10]:53", "udp [2001:db8::11]:54",
                "tcp 10.1.0.12:53",
            ]
        )
        #expect(east.reverse.map(\.text) == ["10.96.0.0/12", "10.244.1.32/27", "fd00:1:2::/50", "0.0.0.0/0"])
        let west = try #require(read.clusters.last)
        #expect(west.name == "west.eu")
        #expect(west.zone.presentation == "west.eu.k8s.corp")
        #expect(west.clusterDomain.presentation == "cluster.local")
        #expect(west.reverse.isEmpty)
    }

    private func words(_ server: ServerDefinition) -> String {
        "\(server.transport) \(server.upstream?.description ?? "?")"
    }

    @Test func anEmptyMappingMeansTheDefaults() throws {
        let read = try configuration("{}")
        #expect(
            read.listen.map { Upstream(address: $0.address, port: $0.port).description } == [
                "127.0.0.1:53", "[::1]:53",
            ]
        )
        #expect(read.workers == 0)
        #expect(read.access.allow == AccessConfiguration.defaultAllow)
        #expect(read.access.diagnostics == nil)
        #expect(read.access.waitingPerClient == 1000)
        #expect(read.servers.map(words) == ["udp 192.0.2.53:53"])
        #expect(read.clusters.isEmpty)
        #expect(read.patternParent == nil)
        #expect(read.cache == CacheConfiguration())
        #expect(read.cache.serveStaleSeconds == 3600)
        #expect(read.cache.staleAfterMilliseconds == 500)
        #expect(read.cache.prefetch)
        #expect(read.log == LogConfiguration())
    }

    @Test func builtInDefaultsAreThoseOfAnEmptyMapping() throws {
        let read = try ConfigurationLoader.builtInDefaults(readFile: readTestFile)
        #expect(read.listen.count == 2)
        #expect(read.servers.map(words) == ["udp 192.0.2.53:53"])
    }

    @Test func aZoneEqualToTheClusterDomainMeansNoMapping() throws {
        let read = try configuration(
            "clusters: [{name: a, zone: Cluster.Local, servers: [10.0.0.1]}]"
        )
        #expect(read.clusters.first?.zone == read.clusters.first?.clusterDomain)
    }

    @Test func aZoneMayLieInsideAnotherClustersZone() throws {
        let read = try configuration(
            """
            clusters:
              - {name: a, zone: k8s.corp, servers: [10.0.0.1]}
              - {name: b, zone: b.k8s.corp, servers: [10.0.0.2]}
            """
        )
        #expect(read.clusters.count == 2)
    }

    @Test func rangesMayOverlapWhenTheyAreNotEqual() throws {
        let read = try configuration(
            """
            clusters:
              - {name: a, zone: a.corp, servers: [10.0.0.1], reverse: [10.0.0.0/8]}
              - {name: b, zone: b.corp, servers: [10.0.0.1], reverse: [10.0.0.0/9]}
            """
        )
        #expect(read.clusters.count == 2)
    }

    @Test func aResolvConfGivesItsNameserversOnceEachInOrder() throws {
        let read = try configuration("upstream: {servers: [/test/many.conf, 192.0.2.1, 192.0.2.5]}")
        #expect(
            read.servers.map(words) == [
                "udp 192.0.2.1:53", "udp [2001:db8::1]:53", "udp 192.0.2.5:53",
            ]
        )
    }

    @Test func aLineOfAResolvConfThatIsNotUnderstoodIsPassedOver() throws {
        let read = try configuration("upstream: {servers: [/test/scoped.conf]}")
        #expect(read.servers.map(words) == ["udp 192.0.2.1:53"])
        #expect(read.warnings.count == 1)
        let warning = try #require(read.warnings.first).description
        #expect(warning.hasPrefix("/test/scoped.conf:2:12: "))
        #expect(warning.contains("`fe80::1%eth0`") && warning.hasSuffix("; the line is ignored"))
        // Also when it is read again.
        var again: [ConfigurationProblem] = []
        let servers = try ConfigurationLoader.servers(
            of: read,
            warn: { again.append($0) },
            readFile: readTestFile
        )
        #expect(servers == read.servers)
        #expect(again == read.warnings)
    }

    @Test(arguments: [
        "clusters: []", "access: {diagnostics: []}", "cache: {size: 0}", "cache: {size: 1MiB}",
        "workers: 1024",
        "cache: {size: 1TiB}", "cache: {serveStale: 0s}", "cache: {serveStale: 7d, staleAfter: 0ms}",
        "cache: {staleAfter: 4s}", "cache: {prefetch: true}", "upstream: {}", "upstream: {policy: random}",
        "access: {waitingPerClient: 1}", "access: {waitingPerClient: 1000000}",
        "cache: {minTTL: 0s, maxTTL: 0s, negativeTTL: 0s}", "cache: {minTTL: 1000ms}",
        "---\nworkers: 1\n...\n", "\u{FEFF}workers: 1\n", "workers: 1\r\nlog: {level: info}\r\n",
        "\"workers\": 1", "{\"workers\": 1, \"listen\": [\"127.0.0.1:5300\"]}",
        "# R&D *all* !important don't &worry\nworkers: 1 # \"open &x *y\n", "zonePattern: '{cluster}.corp.'",
        "clusters: [{name: no, zone: n.corp, servers: [10.0.0.1]}]",
        "clusters: [{name: 123, zone: n.corp, servers: [10.0.0.1]}]",
        "clusters: [{name: x, zone: 'a\\.b.corp', servers: [10.0.0.1], reverse: []}]",
        "listen: [127.0.0.1:5300]\nupstream: {servers: [127.0.0.1:53]}",
        "listen: ['[::]:53']\nupstream: {servers: [127.0.0.1]}",
    ]) func accepts(text: String) {
        #expect(problems(text) == [])
    }
}
