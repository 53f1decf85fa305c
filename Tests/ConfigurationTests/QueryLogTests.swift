import Testing

@testable import Configuration

/// `queryLog` and what is wrong with it.
@Suite struct QueryLogTests {
    private static let clusters = """
        zonePattern: "{cluster}.k8s.corp"
        clusters: [{name: east, servers: [10.1.0.10]}]

        """

    @Test func thereIsNoneByDefault() throws {
        #expect(try configuration(Self.clusters).queryLog == nil)
    }

    @Test func aFileIsEnough() throws {
        let read = try configuration(Self.clusters + "queryLog: {file: /var/log/q}").queryLog
        #expect(read == QueryLogConfiguration(target: .file("/var/log/q")))
        #expect(try configuration("queryLog: {file: stderr}").queryLog?.target == .standardError)
    }

    @Test func everyKeyIsRead() throws {
        let text = """
            queryLog: {socket: /run/s, only: slow, slow: 250ms, sample: 10, clusters: [east, default], hashNames: true}
            """
        let expected = QueryLogConfiguration(
            target: .socket("/run/s"),
            format: .dnstap,
            only: .slow,
            slowMilliseconds: 250,
            sample: 10,
            clusters: ["east", "default"],
            hashNames: true
        )
        #expect(try configuration(Self.clusters + text).queryLog == expected)
    }

    @Test(arguments: [
        ("{}", "says not where to write; add `file` or `socket`"),
        ("{file: /a, socket: /b}", "has both `file` and `socket`; remove one"),
        ("{file: a}", "`file` must be an absolute path or `stderr`, not `a`"),
        ("{file: /a/}", "`file` must be an absolute path"),
        ("{socket: stderr}", "`socket` must be an absolute path, not `stderr`"),
        ("{socket: /\(String(repeating: "a", count: 107))}", "at most 107 octets; shorten it"),
        ("{socket: /a, format: json}", "over `socket` goes `dnstap` only"),
        ("{file: stderr, format: dnstap}", "`dnstap` is no text"),
        ("{file: /a, format: jsn}", "did you mean `json`?"),
        ("{file: /a, only: failure}", "did you mean `failures`?"),
        ("{file: /a, slow: 0ms}", "`slow` must be from 1ms to 10s"),
        ("{file: /a, sample: 0}", "`sample` must be a whole number from 1 to 1000000"),
        ("{file: /a, clusters: [eest]}", "there is no cluster `eest`; did you mean `east`?"),
        ("{file: /a, clusters: []}", "`clusters` is empty"),
        ("{file: /a, hashNames: yes}", "`hashNames` must be true or false"),
        ("{file: /a, hashName: true}", "did you mean `hashNames`?"),
    ])
    func aMistakeIsNamed(text: String, sentence: String) {
        let found = problems(Self.clusters + "queryLog: \(text)")
        #expect(found.count == 1 && found.first?.contains(sentence) == true, "\(found)")
    }
}
