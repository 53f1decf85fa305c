import Configuration
import Testing

/// The files that a configuration under test may name.
let testFiles = [
    "/etc/resolv.conf": "# made by hand\nsearch example.org\nnameserver 192.0.2.53\n",
    "/test/none.conf": "search example.org\n",
    "/test/many.conf":
        "; comment\nnameserver\t192.0.2.1 # first\nnameserver 2001:db8::1\nnameserver 192.0.2.1\n"
        + " nameserver 192.0.2.9\nnameservers 192.0.2.8\n",
    "/test/scoped.conf": "nameserver 192.0.2.1\nnameserver fe80::1%eth0\n",
    "/test/broken.conf": "nameserver dns.example\nnameserver fe80::1%eth0\n",
    "/test/self.conf": "nameserver 127.0.0.1\n",
    "/test/ca.pem": "# ours\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "/test/key.pem": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
]

func readTestFile(_ path: String) throws(UnreadableFile) -> String {
    guard let text = testFiles[path] else {
        throw UnreadableFile(path: path, reason: "there is no such file")
    }
    return text
}

/// Reads a configuration that must be valid.
func configuration(_ text: String) throws -> ServerConfiguration {
    try ConfigurationLoader.parse(text, file: "f.yaml", readFile: readTestFile)
}

/// The problems of a configuration, one a line, without the name of the file itself.
func problems(_ text: String) -> [String] {
    do throws(ConfigurationError) {
        _ = try ConfigurationLoader.parse(text, file: "f.yaml", readFile: readTestFile)
        return []
    } catch {
        return error.problems.map {
            $0.file == "f.yaml" ? "\($0.line):\($0.column): \($0.message)" : $0.description
        }
    }
}

/// Checks that there are exactly the problems `expected`, each given by the place and a part of the sentence.
func expectProblems(
    _ text: String,
    _ expected: [(place: String, part: String)],
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let found = problems(text)
    #expect(found.count == expected.count, "\(text)\n\(found)", sourceLocation: sourceLocation)
    for (found, expected) in zip(found, expected) {
        let isExpected = found.hasPrefix(expected.place + ": ") && found.contains(expected.part)
        #expect(isExpected, "\(found), not \(expected)", sourceLocation: sourceLocation)
    }
}

/// Checks that there is exactly one problem, at `place`, with a sentence that holds `part`.
func expectProblem(
    _ text: String,
    _ place: String,
    _ part: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    expectProblems(text, [(place, part)], sourceLocation: sourceLocation)
}
