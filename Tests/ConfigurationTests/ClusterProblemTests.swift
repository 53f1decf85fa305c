import Testing

@Suite struct ClusterProblemTests {
    @Test func nameAndServersAreRequired() {
        expectProblems(
            "clusters:\n  - zone: a.corp",
            [("2:5", "has no `name`"), ("2:5", "has no `servers`")]
        )
    }

    @Test(arguments: [
        ("East", "write `east`"), ("a_b", "no cluster name"), ("-a", "no cluster name"),
        ("a-", "no cluster name"),
        ("a..b", "no cluster name"), (".a", "no cluster name"), ("a.b.c", "more than two labels"),
        ("default", "the default route"), ("'a b'", "no cluster name"), ("ä", "no cluster name"),
        ("a.", "no cluster name"), ("''", "no cluster name"),
        (String(repeating: "a", count: 64), "no cluster name"),
    ]) func badNamesAreRefused(name: String, part: String) {
        expectProblem("clusters:\n  - name: \(name)\n    zone: x.corp\n    servers: [10.0.0.1]", "2:11", part)
    }

    @Test(arguments: [
        (".", "cannot be the root"), ("a..corp", "an empty label"), ("''", "is empty"),
        ("bücher.corp", "xn--"),
        ("'a b.corp'", "space"), (String(repeating: "a", count: 64) + ".corp", "63 octets"),
    ]) func badZonesAreRefused(zone: String, part: String) {
        expectProblem("clusters:\n  - name: a\n    zone: \(zone)\n    servers: [10.0.0.1]", "3:11", part)
    }

    @Test func badClusterDomainsAreRefused() {
        let cluster = "clusters:\n  - name: a\n    zone: a.corp\n    servers: [10.0.0.1]\n    clusterDomain: "
        expectProblem(cluster + ".", "5:20", "cannot be the root")
        expectProblem(cluster + "a..b", "5:20", "an empty label")
        expectProblem(cluster, "5:5", "`clusterDomain` has no value")
    }

    @Test func aClusterNeedsAZoneOrAPattern() {
        expectProblem(
            "clusters:\n  - name: a\n    servers: [10.0.0.1]",
            "2:11",
            "has no `zone`; add one, or a `zonePattern`"
        )
    }

    @Test(arguments: [
        ("'{cluster}'", "must be `{cluster}` and then a domain"), ("'{cluster}.'", "is empty"),
        ("'{cluster}..'", "needs a domain"), ("'x-{cluster}.corp'", "must be `{cluster}`"),
        ("'{cluster}-x.corp'", "must be `{cluster}`"), ("'a.{cluster}.corp'", "must be `{cluster}`"),
        ("'{name}.corp'", "must be `{cluster}`"), ("'{cluster}.{cluster}.corp'", "must be `{cluster}`"),
        ("k8s.corp", "must be `{cluster}`"), ("'{cluster}.a..b'", "an empty label"),
        ("[a]", "a single value"),
        ("{cluster: a}", "needs quotes"),
    ]) func badPatternsAreRefusedOnce(pattern: String, part: String) {
        expectProblem("zonePattern: \(pattern)\nclusters: [{name: a, servers: [10.0.0.1]}]", "1:14", part)
    }

    @Test func aPatternWithoutQuotesGetsAdvice() {
        let found = problems("workers: 1\nzonePattern: {cluster}.k8s.corp\n")
        #expect(found.count == 1)
        #expect(
            found.first?.hasPrefix("2:") == true && found.first?.contains("put the pattern in quotes") == true
        )
    }

    @Test func serversOfAClusterAreAddressesOfOthers() {
        let cluster = "clusters: [{name: a, zone: a.corp, servers: ["
        expectProblem(cluster + "/etc/resolv.conf]}]", "1:46", "only `upstream` may name")
        expectProblem(cluster + "127.0.0.1]}]", "1:46", "go in circles")
        expectProblem(cluster + "]}]", "1:45", "`servers` is empty")
    }

    @Test func rangesNeedAPrefixLength() {
        let cluster = "clusters: [{name: a, zone: a.corp, servers: [10.0.0.1], reverse: ["
        expectProblem(cluster + "10.96.0.0]}]", "1:67", "write 10.96.0.0/32")
        expectProblem(cluster + "10.100.0.0/12]}]", "1:67", "write 10.96.0.0/12")
        expectProblem(cluster + "10.0.0.0/8, 10.0.0.0/8]}]", "1:79", "listed twice")
    }

    // MARK: - Clusters against each other

    @Test func twoClustersShareNoName() {
        expectProblem(
            """
            clusters:
              - {name: a, zone: a.corp, servers: [10.0.0.1]}
              - {name: a, zone: b.corp, servers: [10.0.0.1]}
            """,
            "3:12",
            "cluster `a` is defined twice, first on line 2, column 12"
        )
    }

    @Test func twoClustersShareNoZone() {
        expectProblem(
            """
            zonePattern: "{cluster}.corp"
            clusters:
              - {name: a, zone: B.corp., servers: [10.0.0.1]}
              - {name: b, servers: [10.0.0.1]}
            """,
            "4:12",
            "zone b.corp belongs to another cluster, see line 3, column 21"
        )
    }

    @Test func everyRepetitionIsReportedAgainstTheFirst() {
        let found = problems(
            "zonePattern: '{cluster}.corp'\nclusters:\n"
                + String(repeating: "  - {name: a, servers: [10.0.0.1], reverse: [10.0.0.0/8]}\n", count: 3)
        )
        #expect(found.count == 6)
        #expect(found.allSatisfy { $0.contains("line 3, column") })
    }

    @Test func twoClustersShareNoRange() {
        expectProblem(
            """
            clusters:
              - {name: a, zone: a.corp, servers: [10.0.0.1], reverse: [10.0.0.0/8]}
              - {name: b, zone: b.corp, servers: [10.0.0.1], reverse: [10.0.0.0/9, 10.0.0.0/8]}
            """,
            "3:72",
            "range 10.0.0.0/8 belongs to another cluster, see line 2, column 60"
        )
    }

    @Test func zoneAndClusterDomainAreEqualOrApart() {
        expectProblem(
            "clusters: [{name: a, zone: east.cluster.local, servers: [10.0.0.1]}]",
            "1:28",
            "`zone` east.cluster.local lies below `clusterDomain` cluster.local"
        )
        expectProblem(
            "clusters: [{name: a, zone: corp, clusterDomain: a.corp, servers: [10.0.0.1]}]",
            "1:49",
            "`clusterDomain` a.corp lies below `zone` corp"
        )
        #expect(problems("clusters: [{name: a, zone: notcluster.local, servers: [10.0.0.1]}]") == [])
    }

    @Test func noZoneIsTheParentOfThePattern() {
        expectProblem(
            "zonePattern: '{cluster}.corp'\nclusters: [{name: a, zone: corp, servers: [10.0.0.1]}]",
            "2:28",
            "the parent of `zonePattern`"
        )
    }

    @Test func aPatternThatMakesTheZoneTooLongIsReportedAtTheName() {
        let label = String(repeating: "x", count: 63)
        let parent = "\(label).\(label).\(label)"
        expectProblem(
            "zonePattern: '{cluster}.\(parent)'\nclusters: [{name: \(label), servers: [10.0.0.1]}]",
            "2:19",
            "over 255 octets"
        )
    }
}
