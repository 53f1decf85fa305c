import Configuration
import Foundation
import Routing
import Testing

/// Files of clusters beside the configuration, which names them.
@Suite struct IncludeTests {
    /// A directory of files, which is removed with the last reference to it.
    private final class Folder {
        let path = NSTemporaryDirectory() + "switchyard-include-\(UUID())"

        init(_ files: [String: String] = [:]) throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            for (name, text) in files { try write(text, to: name) }
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ text: String, to name: String) throws {
            let url = URL(fileURLWithPath: "\(path)/\(name)")
            let folder = url.deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }

        func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }

        func read(after last: LoadedConfiguration? = nil) -> ConfigurationReading {
            ConfigurationSource.file(path: "\(path)/main.yaml").read(after: last)
        }

        /// The problems, one a line, without the folder.
        func problems(after last: LoadedConfiguration? = nil) -> [String] {
            guard case .failure(let error) = read(after: last).result else { return [] }
            return error.description.replacing("\(path)/", with: "").split(separator: "\n").map(String.init)
        }

        func load(after last: LoadedConfiguration? = nil) throws -> LoadedConfiguration {
            try read(after: last).result.get()
        }
    }

    private static let main = """
        upstream: {servers: [192.0.2.53]}
        zonePattern: "{cluster}.k8s.corp"
        clusters: [{name: own, servers: [192.0.2.1]}]
        include: [d/*.yaml]

        """

    private static func cluster(_ name: String, _ more: String = "") -> String {
        "name: \(name)\nservers: [192.0.2.1]\n\(more)"
    }

    private static func names(_ loaded: LoadedConfiguration) -> [String] {
        loaded.configuration.clusters.map(\.name)
    }

    // MARK: Good

    @Test func everyFormIsReadInTheOrderOfTheNames() throws {
        let folder = try Folder([
            "main.yaml": Self.main,
            "d/20.yaml": "- {name: b, servers: [192.0.2.1]}\n- {name: a, servers: [192.0.2.1]}\n",
            "d/10.yaml": Self.cluster("z"),
            "d/30.yaml": "clusters:\n  - {name: c, servers: [192.0.2.1]}\n",
            "d/40.yaml": "[]",
            "d/50.yaml": "\u{FEFF}clusters: []",
            "d/other.yml": "no: cluster",
            "d/.hidden.yaml": "no: cluster",
        ])
        let loaded = try folder.load()
        #expect(Self.names(loaded) == ["own", "z", "b", "a", "c"])
        #expect(loaded.problems.isEmpty && loaded.warnings.isEmpty)
    }

    @Test func pathsAreRelativeToTheFileAndEachIsReadOnce() throws {
        let other = try Folder(["x.yaml": Self.cluster("far")])
        let folder = try Folder(["a.yaml": Self.cluster("near"), "d/b.yaml": Self.cluster("below")])
        let list = "[a.yaml, d/?.yaml, 'd/[a-c].yaml', \(other.path)/x.yaml, a.yaml]"
        try folder.write(Self.main.replacing("[d/*.yaml]", with: list), to: "main.yaml")
        #expect(Self.names(try folder.load()) == ["own", "near", "below", "far"])
    }

    @Test func patternWithoutAMatchIsOnlyWarnedOf() throws {
        let folder = try Folder(["main.yaml": Self.main])
        let loaded = try folder.load()
        #expect(Self.names(loaded) == ["own"])
        let warnings = loaded.warnings.map { "\($0.line):\($0.column): \($0.message)" }
        #expect(warnings == ["4:11: `d/*.yaml` matches no file"])
    }

    // MARK: Mistakes

    @Test func mistakesHaveTheirFileAndPlace() throws {
        let folder = try Folder([
            "main.yaml": Self.main,
            "d/1.yaml": Self.cluster("a", "zon: a.corp"),
            "d/2.yaml": "clusters: ]",
            "d/3.yaml": "# nothing",
            "d/4.yaml": "just words",
            "d/5.yaml": "include: [x.yaml]",
            "d/6.yaml": "clusters: []\nlisten: [127.0.0.1]",
            "d/7.yaml": "- - a",
        ])
        let found = folder.problems()
        let expected = [
            "d/1.yaml:3:1: unknown key `zon`", "d/2.yaml:1:11: this is no valid YAML",
            "d/3.yaml:1:1: the file says nothing", "d/4.yaml:1:1: an included file must be a cluster",
            "d/5.yaml:1:1: an included file cannot include others",
            "d/6.yaml:2:1: `listen` does not belong in an included file", "d/7.yaml:1:3: a cluster must be",
        ]
        #expect(found.count == expected.count, "\(found)")
        for (found, expected) in zip(found, expected) { #expect(found.hasPrefix(expected), "\(found)") }
    }

    @Test func duplicatesNameBothPlaces() throws {
        let folder = try Folder([
            "main.yaml": Self.main,
            "d/1.yaml": Self.cluster("a", "zone: x.corp\nreverse: [10.0.0.0/8]"),
            "d/2.yaml": Self.cluster("a", "zone: y.corp"),
            "d/3.yaml": Self.cluster("b", "zone: x.corp"),
            "d/4.yaml": Self.cluster("c", "reverse: [10.0.0.0/8]"),
            "d/5.yaml": Self.cluster("own", "zone: z.corp"),
        ])
        let found = folder.problems()
        let expected = [
            "d/2.yaml:1:7: cluster `a` is defined twice, first in \(folder.path)/d/1.yaml:1:7",
            "d/3.yaml:3:7: zone x.corp belongs to another cluster, see \(folder.path)/d/1.yaml:3:7",
            "d/4.yaml:3:11: range 10.0.0.0/8 belongs to another cluster, see \(folder.path)/d/1.yaml:4:11",
            "d/5.yaml:1:7: cluster `own` is defined twice, first in \(folder.path)/main.yaml:3:19",
        ].map { $0.replacing("\(folder.path)/", with: "") }
        #expect(found.count == expected.count, "\(found)")
        for (found, expected) in zip(found, expected) { #expect(found.hasPrefix(expected), "\(found)") }
    }

    @Test(arguments: [
        ("[d/none.yaml]", "d/none.yaml:1:1: cannot read this file: there is no such file"),
        ("[d]", "d:1:1: cannot read this file: it is a directory"),
        ("[d/]", "main.yaml:4:11: `include` needs a file or a pattern"),
        ("[\"\"]", "main.yaml:4:11: `include` needs a file or a pattern"),
        ("['*/x.yaml']", "main.yaml:4:11: a directory of `include` cannot be a pattern"),
        ("['*.yaml']", "main.yaml:4:11: `*.yaml` matches this file itself"),
        ("d/x.yaml", "main.yaml:4:10: `include` must be a list"),
        ("[[d/x.yaml]]", "main.yaml:4:11: `include` must be a single value"),
        ("[main.yaml/*.yaml]", "main.yaml:4:11: cannot read "),
    ])
    func whatIsNoFileIsRefused(list: String, problem: String) throws {
        let folder = try Folder([
            "main.yaml": Self.main.replacing("[d/*.yaml]", with: list), "d/x.yaml": Self.cluster("x"),
        ])
        let found = folder.problems()
        #expect(found.count == 1 && found[0].hasPrefix(problem), "\(found)")
    }

    @Test func octetsThatAreNoTextHaveTheirPlace() throws {
        let folder = try Folder(["main.yaml": Self.main, "d/1.yaml": Self.cluster("a")])
        try Data([0x61, 0x0A, 0xFF]).write(to: URL(fileURLWithPath: "\(folder.path)/d/1.yaml"))
        #expect(folder.problems() == ["d/1.yaml:2:1: this is no UTF-8 text; save the file as UTF-8"])
    }

    @Test func entriesAndFilesAreLimited() throws {
        let many = (0..<65).map { "d/\($0).yaml" }.joined(separator: ", ")
        let folder = try Folder(["main.yaml": Self.main.replacing("[d/*.yaml]", with: "[\(many)]")])
        #expect(folder.problems().first?.contains("`include` has more than 64 entries") == true)
        try folder.write("[]", to: "d/0.yaml")
        for i in 1...10_000 {
            let path = "\(folder.path)/d/\(i).yaml"
            try FileManager.default.linkItem(atPath: "\(folder.path)/d/0.yaml", toPath: path)
        }
        try folder.write(Self.main, to: "main.yaml")
        #expect(folder.problems().first?.contains("more than 10000 files are included") == true)
        try folder.remove("d/0.yaml")
        #expect(folder.problems() == [])
    }

    // MARK: Once more

    @Test func brokenFileKeepsItsLastGoodContentAndTheRestIsLoaded() throws {
        let folder = try Folder([
            "main.yaml": Self.main, "d/1.yaml": Self.cluster("a"), "d/2.yaml": Self.cluster("b"),
        ])
        let first = try folder.load()
        try folder.write("name: ]", to: "d/1.yaml")
        try folder.write(Self.cluster("b2"), to: "d/2.yaml")
        try folder.write("name: NEW", to: "d/3.yaml")
        let second = try folder.load(after: first)
        #expect(Self.names(second) == ["own", "a", "b2"])
        let broken = Set(second.problems.map(\.file))
        #expect(broken == ["\(folder.path)/d/1.yaml", "\(folder.path)/d/3.yaml"])
        // Its good content is known as long as it is broken.
        try folder.write("", to: "d/1.yaml")
        let third = try folder.load(after: second)
        #expect(Self.names(third) == ["own", "a", "b2"])
        try folder.write(Self.cluster("a2"), to: "d/1.yaml")
        try folder.write(Self.cluster("c"), to: "d/3.yaml")
        let fourth = try folder.load(after: third)
        #expect(Self.names(fourth) == ["own", "a2", "b2", "c"])
        #expect(fourth.problems.isEmpty)
        // What is removed is gone, however good it was.
        try folder.remove("d/1.yaml")
        #expect(Self.names(try folder.load(after: fourth)) == ["own", "b2", "c"])
    }

    @Test func atTheStartABrokenFileIsAMistakeOfAll() throws {
        let folder = try Folder(["main.yaml": Self.main, "d/1.yaml": "name: ]"])
        #expect(folder.problems().count == 1)
    }

    @Test func duplicateKeepsTheFirstAndTheOtherFileAsItWas() throws {
        let folder = try Folder([
            "main.yaml": Self.main, "d/1.yaml": Self.cluster("a"), "d/2.yaml": Self.cluster("b"),
        ])
        let first = try folder.load()
        try folder.write(Self.cluster("a"), to: "d/2.yaml")
        let second = try folder.load(after: first)
        #expect(Self.names(second) == ["own", "a", "b"])
        #expect(second.problems.map(\.message).contains { $0.contains("cluster `a` is defined twice") })
    }

    @Test func goodContentThatDoesNotFitAnyMoreRefusesAll() throws {
        let folder = try Folder([
            "main.yaml": Self.main, "d/1.yaml": Self.cluster("a"), "d/2.yaml": Self.cluster("b"),
        ])
        let first = try folder.load()
        try folder.write(Self.cluster("b"), to: "d/1.yaml")
        try folder.write("name: ]", to: "d/2.yaml")
        let found = folder.problems(after: first)
        #expect(found.contains { $0.hasPrefix("d/2.yaml:1:7: this is no valid YAML") }, "\(found)")
        #expect(found.contains { $0.hasPrefix("d/2.yaml:1:7: cluster `b` is defined twice") }, "\(found)")
    }

    @Test func mistakeOfTheFileItselfRefusesAll() throws {
        let folder = try Folder(["main.yaml": Self.main, "d/1.yaml": Self.cluster("a")])
        let first = try folder.load()
        try folder.write(Self.main + "workers: x\n", to: "main.yaml")
        try folder.write("name: ]", to: "d/1.yaml")
        #expect(folder.problems(after: first).count == 2)
        // Without the pattern the included cluster has no zone, new or as it was.
        try folder.write(Self.cluster("a"), to: "d/1.yaml")
        let main = Self.main.replacing("zonePattern: \"{cluster}.k8s.corp\"\n", with: "")
        try folder.write(main.replacing("{name: own", with: "{name: own, zone: own.corp"), to: "main.yaml")
        #expect(folder.problems(after: first).count == 1)
    }

    @Test func directoryThatIsGoneRefusesAllAndAnEmptyOneDoesNot() throws {
        let folder = try Folder(["main.yaml": Self.main, "d/1.yaml": Self.cluster("a")])
        let first = try folder.load()
        try folder.remove("d")
        #expect(folder.problems(after: first).first?.contains("the directory is gone") == true)
        try folder.write("", to: "d/other")
        #expect(Self.names(try folder.load(after: first)) == ["own"])
    }

    @Test func fingerprintTellsWhetherAFileHasChanged() throws {
        let folder = try Folder(["main.yaml": Self.main, "d/1.yaml": Self.cluster("a")])
        var seen = [folder.read().fingerprint]
        #expect(folder.read().fingerprint == seen[0])
        func isNew() -> Bool {
            let fingerprint = folder.read().fingerprint
            defer { seen.append(fingerprint) }
            return !seen.contains(fingerprint)
        }
        try folder.write(Self.cluster("b"), to: "d/1.yaml")
        #expect(isNew())
        try folder.write(Self.cluster("c"), to: "d/2.yaml")
        #expect(isNew())
        try folder.write(Self.main + "# comment", to: "main.yaml")
        #expect(isNew())
        try folder.write("name: ]", to: "d/2.yaml")
        #expect(isNew())
        try folder.remove("main.yaml")
        #expect(isNew())
    }

    @Test func pathsToWatchAreTheFileThePatternsAndWhatTheyMatch() throws {
        let folder = try Folder(["main.yaml": Self.main, "d/1.yaml": Self.cluster("a")])
        let paths = try folder.load().paths.map { $0.replacing("\(folder.path)/", with: "") }
        #expect(paths == ["main.yaml", "d/*.yaml", "d/1.yaml"])
    }
}
