import Testing

@Suite struct YAMLProblemTests {
    @Test func anEmptyFileIsRefused() {
        expectProblem("", "1:1", "write `{}`")
        expectProblem("# workers: 1\n", "1:1", "write `{}`")
    }

    @Test func aMissingValueAtTheTopIsRefused() {
        expectProblem("---\n...\n", "1:1", "write `{}`")
        expectProblem("~", "1:1", "write `{}`")
    }

    @Test func syntaxErrorsHaveTheirPlace() {
        for (text, line) in [
            ("listen: [127.0.0.1", "1:"), ("workers: 1\n\tlog: 1", "2:"), ("log: {level: \"info}", "1:"),
            ("workers: 1\n  log: 2", "2:"), ("a: b: c", "1:"), ("]", "1:"), ("listen: [127.0.0.1]]\n", "1:"),
        ] {
            let found = problems(text)
            #expect(found.count == 1, "\(text)")
            #expect(found.first?.hasPrefix(line) == true, "\(found)")
            #expect(found.first?.contains("no valid YAML") == true, "\(found)")
        }
    }

    @Test func tabsAndUnquotedAddressesGetAdvice() {
        #expect(problems("log:\n\tlevel: info").first?.contains("not with tabs") == true)
        #expect(problems("listen: [127.0.0.1, [::1]:53]").first?.contains("quotes: \"[::1]:53\"") == true)
    }

    @Test func duplicateKeysAreAllReportedWithBothPlaces() {
        expectProblems(
            """
            workers: 1
            log: {level: info, level: debug}
            workers: 2
            clusters:
              - name: a
                zone: a.corp
                "name": b
                servers: [10.0.0.300]
            workers: 3
            """,
            [
                ("2:20", "`level` is here already, on line 2, column 7"),
                ("3:1", "`workers` is here already, on line 1, column 1"),
                ("7:5", "`name` is here already, on line 5, column 5"),
                ("8:15", "no IP address"),
                ("9:1", "`workers` is here already, on line 1, column 1"),
            ]
        )
    }

    @Test func manyDuplicateKeysAreAllReported() {
        let found = problems(String(repeating: "workers: 1\n", count: 100))
        #expect(found.count == 99)
        #expect(found.first?.hasPrefix("2:1: `workers` is here already, on line 1, column 1") == true)
        #expect(found.last?.hasPrefix("100:1: `workers` is here already, on line 1, column 1") == true)
    }

    @Test func aDuplicateIsFoundAmongManyKeysToo() {
        let keys = (0..<40).map { "k\($0): 1\n" }.joined()
        let found = problems(keys + "k0: 1\nk39: 1\n")
        #expect(found.filter { $0.contains("is here already") }.count == 2)
        #expect(found.contains { $0.hasPrefix("41:1: `k0` is here already, on line 1, column 1") })
        #expect(found.contains { $0.hasPrefix("42:1: `k39` is here already, on line 40, column 1") })
    }

    @Test func aSyntaxErrorIsTheOnlyProblem() {
        expectProblem("workers: 1\nworkers: 2\nlog: [", "4:1", "no valid YAML")
        expectProblem("? [a]\n: 1\nlog: [", "4:1", "no valid YAML")
    }

    @Test func aSecondDocumentIsRefused() {
        expectProblem("workers: 1\n---\nworkers: 2\n", "2:1", "second document")
    }

    @Test func anchorsAliasesAndTagsAreRefused() {
        expectProblems(
            "access: {allow: &a [10.0.0.0/8], diagnostics: *a}\nworkers: !!int 1\nlog:\n  &b level: info",
            [("1:17", "anchors"), ("1:47", "aliases"), ("2:10", "tags"), ("4:3", "anchors")]
        )
    }

    @Test func aFileThatStandsForAHugeOneIsRefusedAtOnce() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for i in 1...30 {
            text += "a\(i): &a\(i) [\(Array(repeating: "*a\(i - 1)", count: 10).joined(separator: ", "))]\n"
        }
        text += "? *a30\n: 1\n? *a30\n: 2\n"
        #expect(problems(text).first?.hasPrefix("1:5: anchors") == true)
    }

    @Test func deepNestingIsRefused() {
        for depth in [17, 500, 100_000] {
            let text =
                "listen: " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            #expect(problems(text).contains { $0.contains("nested too deeply") }, "\(depth)")
        }
        let block = (0..<3000).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
        #expect(problems(block).contains { $0.contains("nested too deeply") })
    }

    @Test func keysThatAreNoWordsAreRefused() {
        expectProblem("? [a, b]\n: 1\n", "1:3", "a key must be a single word")
        expectProblem("{{cluster}: 1}", "1:2", "a key must be a single word")
    }

    @Test func controlCharactersAreRefused() {
        expectProblem("workers: 1\nlog: {level: \u{1}info}", "2:14", "the one with the code 1")
        expectProblem("workers: 1\u{0}", "1:11", "the one with the code 0")
        expectProblem("# \u{7F}", "1:3", "the one with the code 127")
        #expect(!problems("log: {level: \u{9F}}").isEmpty)
        #expect(!problems("log: {level: \u{FFFF}}").isEmpty)
    }

    @Test func columnsCountCharactersNotOctets() {
        expectProblems("log: {'äöü€': 1, level: x}", [("1:7", "unknown key"), ("1:25", "`level`")])
        expectProblem("{log: {level: 'ü'}}", "1:15", "`level`")
        expectProblem("access: {allow: ['ü']}", "1:18", "no address range")
    }

    /// Cut at every octet and with octets changed: a sentence or a configuration, never a crash.
    @Test func everyCutAndEveryChangedOctetHasADefinedResult() {
        let text = """
            listen: [127.0.0.1:5300, "[::1]:5300"]
            clusters:
              - name: east
                zone: 'east.k8s.corp'
                servers: [{address: 10.1.0.10, weight: 3}, 'tls://10.1.0.11:8853#dns.corp', dns.corp:54]
                policy: random
                hedge: 30ms
                probe: {name: a.cluster.local, type: A, interval: 500ms, fall: 2}
                limits: {pending: 100}
                tls: {ca: /test/ca.pem}
                reverse: [10.96.0.0/12, "fd00::/108"]
            cache: {size: 64MiB, minTTL: 0s, staleAfter: 5ms, prefetch: true}   # comment

            """
        #expect(problems(text) == [])
        let octets = Array(text.utf8)
        for end in octets.indices { _ = problems(String(decoding: octets[..<end], as: UTF8.self)) }
        for i in octets.indices {
            for replacement in "\0\t\n\r \"'#&*!|>%@`{}[],:?-xé".utf8 {
                var changed = octets
                changed[i] = replacement
                _ = problems(String(decoding: changed, as: UTF8.self))
            }
        }
    }
}
