import Testing

/// Every mistake has its place, to the column, and a sentence that says what to do.
@Suite struct ProblemTests {
    @Test func allMistakesAreReportedInOneRunSortedByPlace() {
        expectProblems(
            """
            workrs: 4
            listen: [127.0.0.1:0, 10.0.0.300]
            cache:
              size: 64MB
              minTTL: 5
            clusters:
              - name: East
                servers: []
              - name: west
                zone: west..corp
                servers: [10.0.0.1, dns]
            upstream:
              servers: [tls://192.0.2.1]
            """,
            [
                ("1:1", "did you mean `workers`?"),
                ("2:10", "no valid port"),
                ("2:23", "no IP address"),
                ("4:9", "write 64MiB"),
                ("5:11", "write 5s"),
                ("7:11", "write `east`"),
                ("8:14", "`servers` is empty"),
                ("10:11", "an empty label"),
                ("11:25", "host name of one label"),
                ("13:13", "tls://192.0.2.1#dns.example.org"),
            ]
        )
    }

    // MARK: - Keys

    @Test func unknownKeysGetASuggestion() {
        expectProblem(
            "lisen: [127.0.0.1]",
            "1:1",
            "unknown key `lisen` in the top of the file; did you mean `listen`?"
        )
        expectProblem("zone_pattern: '{cluster}.a'", "1:1", "did you mean `zonePattern`?")
        expectProblem(
            "cache:\n  minttl: 5s",
            "2:3",
            "unknown key `minttl` in `cache`; did you mean `minTTL`?"
        )
        expectProblem("log: {levle: info}", "1:7", "did you mean `level`?")
    }

    @Test func unknownKeysUnlikeAnyOtherGetTheList() {
        expectProblem("log: {colour: red}", "1:7", "the keys here are `level` and `format`")
    }

    @Test func keysOfAnotherSectionAreSentThere() {
        expectProblem("servers: [10.0.0.1]", "1:1", "move it to `upstream` or a cluster")
        expectProblem("cache: {workers: 1}", "1:9", "move it to the top of the file")
    }

    @Test func theCacheFileIsAPath() {
        expectProblem("cache: {file: cache.bin}", "1:15", "must be the absolute path")
        expectProblem("cache: {file: /var/lib/}", "1:15", "must be the absolute path")
        expectProblem("cache: {file: [/tmp/x]}", "1:15", "must be a single value")
        expectProblem("cache: {size: 0, file: /tmp/x}", "1:24", "keeps nothing without a cache")
    }

    @Test func keysWithoutAValueAreRefused() {
        expectProblem("workers:\nlog: {level: info}", "1:1", "`workers` has no value")
        expectProblem("cache:\n  # size: 1GiB\n", "1:1", "`cache` has no value")
        expectProblem("listen: ~", "1:1", "`listen` has no value")
        expectProblem("upstream:\n  servers:\n", "2:3", "`servers` has no value")
    }

    // MARK: - Types

    @Test func wrongTypesAreRefused() {
        expectProblem("listen: 127.0.0.1:53", "1:9", "`listen` must be a list, not a single value")
        expectProblem("listen: {a: b}", "1:9", "`listen` must be a list, not a mapping")
        expectProblem("cache: 64MiB", "1:8", "`cache` must be a mapping with the keys `size`")
        expectProblem("workers: [1]", "1:10", "`workers` must be a single value, not a list")
        expectProblem("- listen", "1:1", "the top of the file must be a mapping")
        expectProblem("listen", "1:1", "the top of the file must be a mapping")
        expectProblem("clusters: {east: 1}", "1:11", "`clusters` must be a list")
        expectProblem("clusters: [east]", "1:12", "a cluster must be a mapping")
        expectProblem("upstream: [10.0.0.1]", "1:11", "`upstream` must be a mapping")
        expectProblem("listen: [127.0.0.1, ]\nworkers: 1\naccess: {allow: [~]}", "3:18", "is missing")
    }

    // MARK: - Numbers, times, sizes, words

    @Test(arguments: ["-1", "1025", "x", "1.5", "0x10", "99999999999999999999", "4 cores", "١"])
    func workersAreAWholeNumber(text: String) {
        expectProblem("workers: \(text)", "1:10", "must be a whole number from 0 to 1024, not `\(text)`")
    }

    @Test func quotedNumbersAreRefused() {
        expectProblem("workers: \"4\"", "1:10", "write it without quotes")
    }

    @Test(arguments: [
        ("5", "write 5s"), ("0", "write 0s"), ("500ms", "write 0s or 1s"), ("1h30m", "is no duration"),
        ("5 s", "is no duration"), ("-5s", "is no duration"), ("1.5h", "is no duration"),
        ("s", "is no duration"),
        ("5sec", "is no duration"), ("8d", "above 7 days"), ("604801s", "above 7 days"),
        ("99999999999999999999s", "is no duration"), ("9999999999999999999h", "too long"),
        ("5S", "is no duration"),
    ]) func timesNeedANumberAndAUnit(text: String, part: String) {
        expectProblem("cache:\n  maxTTL: \(text)", "2:11", part)
    }

    @Test(arguments: [
        ("64", "write KiB, MiB, GiB or TiB"), ("64MB", "write 64MiB"), ("64M", "write 64MiB"),
        ("1g", "write 1GiB"),
        ("64mib", "write 64MiB"), ("1.5GiB", "is no size"), ("big", "is no size"), ("-1MiB", "is no size"),
        ("512KiB", "from 1MiB to 1TiB"), ("2TiB", "from 1MiB to 1TiB"), ("99999999999999TiB", "too large"),
        ("64 MiB", "is no size"), ("64potatoes", "is no size"),
    ]) func sizesNeedANumberAndABinaryUnit(text: String, part: String) {
        expectProblem("cache:\n  size: \(text)", "2:9", part)
    }

    @Test func theShortestTimeIsNotAboveTheLongest() {
        expectProblem("cache: {minTTL: 2m, maxTTL: 1m}", "1:17", "`minTTL` (120s) is above `maxTTL` (60s)")
        expectProblem("cache: {minTTL: 2h}", "1:17", "above `maxTTL` (3600s)")
        expectProblem("cache: {minTTL: 0s, maxTTL: 0s}\nlog: {level: loud}", "2:14", "write `debug`, `info`")
    }

    @Test func wordsGetASuggestion() {
        expectProblem("log: {level: warn}", "1:14", "write `debug`, `info`, `warning` or `error`")
        expectProblem("log: {level: Warning}", "1:14", "did you mean `warning`?")
        expectProblem("log: {format: jsn}", "1:15", "did you mean `json`?")
    }

    // MARK: - Addresses

    @Test(arguments: [
        ("127.0.0.1:0", "no valid port"), ("127.0.0.1:65536", "no valid port"),
        ("'127.0.0.1:'", "no valid port"),
        ("127.0.0.1:+53", "no valid port"), ("127.0.0.1:dns", "no valid port"),
        ("'[::1]53'", "no valid port"),
        ("'[::1]:'", "no valid port"), ("'[::1'", "no closing bracket"), ("'[127.0.0.1]:53'", "no brackets"),
        ("'[::1%lo]:53'", "names an interface"), ("'::1:53'", "\"[::1]:53\""),
        ("':53'", "write 127.0.0.1:53"),
        ("53", "write one with a port"), ("127.0.0.1#53", "after a colon"), ("127.0.0.0/8", "a range"),
        ("tcp://127.0.0.1", "has a scheme"), ("localhost", "host name"), ("localhost:53", "host name"),
        ("127.1", "no IP address"),
        ("010.0.0.1", "no IP address"), ("10.0.0.256", "no IP address"), ("1.2.3.4.5", "no IP address"),
        ("'::g'", "no IP address"), ("':::'", "no IP address"), ("'::ffff:10.0.0.1'", "write 10.0.0.1"),
        ("'fe80::1'", "link-local"), ("224.0.0.1:53", "multicast"), ("'ff02::1'", "multicast"),
        ("''", "is empty"),
        ("[2001:db8::1]", "needs quotes"),
    ]) func badListenAddressesAreRefused(text: String, part: String) {
        expectProblem("listen:\n  - \(text)", "2:5", part)
    }

    @Test func repeatedAddressesAreRefused() {
        expectProblem("listen: [127.0.0.1:53, 127.0.0.1]", "1:24", "listed twice, first on line 1, column 10")
        expectProblem("access: {allow: [10.0.0.1, 10.0.0.1/32]}", "1:28", "10.0.0.1/32 is listed twice")
        expectProblem("upstream: {servers: [192.0.2.1, '192.0.2.1:53']}", "1:33", "listed twice")
    }

    @Test(arguments: [
        ("10.1.0.0/8", "write 10.0.0.0/8"), ("192.0.2.1/24", "write 192.0.2.0/24"),
        ("10.0.0.1/0", "write 0.0.0.0/0"),
        ("'2001:db8::1/32'", "write 2001:db8::/32"), ("10.0.0.0/33", "from 0 to 32"),
        ("'::/129'", "from 0 to 128"),
        ("10.0.0.0/", "from 0 to 32"), ("10.0.0.0/-1", "from 0 to 32"),
        ("10.0.0.0/255.0.0.0", "from 0 to 32"),
        ("10/8", "no address range"), ("any", "no address range"),
        ("'::ffff:10.0.0.0/104'", "IPv4 in IPv6 form"),
    ]) func badRangesAreRefused(text: String, part: String) {
        expectProblem("access:\n  allow:\n    - \(text)", "3:7", part)
    }

    @Test func emptyListsAreRefused() {
        expectProblem("listen: []", "1:9", "`listen` is empty")
        expectProblem("access: {allow: []}", "1:17", "`allow` is empty")
        expectProblem("upstream: {servers: []}", "1:21", "`servers` is empty")
        expectProblem("upstream: {bootstrap: []}", "1:23", "`bootstrap` is empty")
    }

    // MARK: - Servers

    @Test(arguments: [
        ("udp://192.0.2.1", "unknown scheme"),
        ("https://192.0.2.1/dns-query", "unknown scheme"), ("0.0.0.0", "no server's address"),
        ("'::'", "no server's address"),
        ("tcp://", "is empty"), ("[192.0.2.1]", "needs quotes"), ("127.0.0.1", "go in circles"),
        ("tcp://127.0.0.1:53", "go in circles"), ("'::1'", "go in circles"),
        ("192.0.2.1%eth0", "names an interface"),
        ("/test/missing.conf", "cannot read /test/missing.conf: there is no such file"),
        ("/test/none.conf", "has no `nameserver` line"),
    ]) func badServersAreRefused(text: String, part: String) {
        expectProblem("upstream:\n  servers:\n    - \(text)", "3:7", part)
    }

    @Test func aListenerOnAllAddressesIsLoopbackToo() {
        expectProblem("listen: [0.0.0.0:54]\nupstream: {servers: ['127.0.0.53:54']}", "2:22", "go in circles")
    }

    @Test func mistakesOfAResolvConfHaveItsNameAndLine() {
        expectProblems(
            "upstream: {servers: [/test/broken.conf]}",
            [("/test/broken.conf:1:12", "`dns.example`"), ("/test/broken.conf:2:12", "`fe80::1%eth0`")]
        )
        expectProblem("upstream: {servers: [/test/self.conf]}", "/test/self.conf:1:12", "go in circles")
    }

    @Test func problemsOfTheFileItselfComeBeforeThoseOfOthers() {
        expectProblems(
            "upstream: {servers: [/test/self.conf]}\nworkers: x",
            [("2:10", "whole number"), ("/test/self.conf:1:12", "go in circles")]
        )
    }

    @Test func moreThan64ServersAreRefused() {
        let servers = (1...65).map { "192.0.2.\($0)" }.joined(separator: ", ")
        expectProblem("upstream: {servers: [\(servers)]}", "1:21", "keep 64 at most")
        #expect(problems("upstream: {servers: [\(servers.dropLast(", 192.0.2.65".count))]}") == [])
    }

    @Test func longValuesAreCutInSentences() {
        let long = String(repeating: "x", count: 100_000)
        #expect(problems("workers: \(long)").allSatisfy { $0.utf8.count < 300 })
        #expect(problems("\(long): 1").allSatisfy { $0.utf8.count < 300 })
        #expect(
            problems("clusters: [{name: \(long), zone: a.corp, servers: [10.0.0.1]}]").allSatisfy {
                $0.utf8.count < 300
            }
        )
    }
}
