import Testing

/// Which target may import what: the map of docs/ARCHITECTURE.md.
@Suite struct ArrowTests {
    /// What a target imports: other targets and packages, and modules of the system and the toolchain.
    private struct Arrows {
        var to: Set<String>
        var system: Set<String> = []
    }

    private static let arrows: [String: Arrows] = [
        "CSystem": Arrows(to: []),
        "CLibevent": Arrows(to: []),
        "COpenSSL": Arrows(to: []),
        "CLDNS": Arrows(to: []),
        "CLibYAML": Arrows(to: []),
        "DNSWire": Arrows(to: []),
        "AnswerCache": Arrows(to: ["CSystem", "DNSWire"], system: ["Glibc", "Synchronization"]),
        "CacheFile": Arrows(to: ["AnswerCache", "DNSWire"], system: ["Glibc"]),
        "Metrics": Arrows(to: [], system: ["Glibc", "Synchronization"]),
        "QueryEvents": Arrows(to: [], system: ["Synchronization"]),
        "Routing": Arrows(to: ["DNSWire"]),
        "PresentationFormat": Arrows(to: ["CLDNS", "DNSWire"]),
        "Configuration": Arrows(
            to: ["CLibYAML", "DNSWire", "PresentationFormat", "Routing"],
            system: ["Glibc"]
        ),
        "Forwarding": Arrows(
            to: ["AnswerCache", "DNSWire", "Metrics", "QueryEvents", "Routing"],
            system: ["Synchronization"]
        ),
        "EventLoop": Arrows(to: ["CLibevent", "CSystem"], system: ["Synchronization"]),
        "HTTP": Arrows(to: ["CLibevent", "EventLoop"], system: ["Glibc"]),
        "TLS": Arrows(to: ["COpenSSL", "EventLoop"], system: ["Glibc"]),
        "Transport": Arrows(to: ["CSystem", "EventLoop", "TLS"], system: ["Glibc"]),
        "Server": Arrows(
            to: [
                "AnswerCache", "CacheFile", "Configuration", "DNSWire", "EventLoop", "Forwarding", "HTTP",
                "Logging",
                "Metrics", "PresentationFormat", "QueryEvents", "Routing", "TLS", "Transport",
            ],
            // FoundationEssentials for the dates of log lines and for JSON.
            system: ["FoundationEssentials", "Glibc", "Synchronization"]
        ),
        "EmbeddedClusters": Arrows(
            to: ["DNSWire", "EventLoop", "PresentationFormat", "Routing", "Transport"],
            system: ["Glibc"]
        ),
        "switchyard": Arrows(
            to: [
                "ArgumentParser", "Configuration", "DNSWire", "EmbeddedClusters", "EventLoop", "HTTP",
                "PresentationFormat", "Routing", "Server", "Transport",
            ],
            // Glibc for the terminal.
            system: ["FoundationEssentials", "Glibc"]
        ),
        "CCounting": Arrows(to: []),
        "Scenarios": Arrows(
            to: ["AnswerCache", "DNSWire", "EventLoop", "Forwarding", "Metrics", "Routing", "Transport"],
            system: ["Glibc"]
        ),
        "FaultLab": Arrows(
            to: ["DNSWire", "EventLoop", "Transport"],
            // FoundationEssentials for what the system says of a process.
            system: ["FoundationEssentials", "Synchronization"]
        ),
        "chaos": Arrows(to: ["ArgumentParser", "FaultLab"], system: ["Foundation", "Synchronization"]),
        "packetpath": Arrows(to: ["CCounting", "EventLoop", "Scenarios"], system: ["Glibc"]),
    ]

    /// Folders of Python beside the targets.
    private static let otherFolders: Set<Substring> = ["gatekit"]

    @Test func theTableHasEveryTarget() {
        let folders = Set(SwiftSource.targetFiles.compactMap(SwiftSource.target(ofFile:)))
        #expect(Set(Self.arrows.keys) == Set(folders.subtracting(Self.otherFolders).map(String.init)))
    }

    @Test(arguments: arrows.keys.sorted())
    func aTargetImportsWhatTheTableSaysAndAllOfIt(target: String) throws {
        let arrows = try #require(Self.arrows[target])
        let sources = SwiftSource.all.filter { $0.target == target }
        guard !sources.isEmpty else { return }
        let imports = Set(sources.flatMap(\.imports).map(String.init))
        #expect(imports.subtracting(arrows.to).subtracting(arrows.system) == [], "too many")
        #expect(arrows.to.union(arrows.system).subtracting(imports) == [], "not needed")
    }

    @Test(arguments: arrows.keys.sorted())
    func thePackageDeclaresTheSameArrows(target: String) throws {
        let manifest = try #require(Project.text("Package.swift"))
        let declaration = try #require(Self.declaration(of: target, in: manifest), "no declaration")
        let names = declaration.replacing(/package: "[^"]*"/, with: "").matches(of: /"([A-Za-z]+)"/)
        let isSystemLibrary = Project.exists("Sources/\(target)/module.modulemap")
        let declared = isSystemLibrary ? [] : Set(names.map { String($0.1) }).subtracting([target])
        #expect(declared == Self.arrows[target]?.to)
    }

    /// Nothing below another may import it, or there would be no order to build and to understand them in.
    @Test func arrowsMakeNoCircle() {
        var left = Self.arrows.mapValues { $0.to.filter { Self.arrows[$0] != nil } }
        while let free = left.first(where: { $0.value.isEmpty })?.key {
            left[free] = nil
            for target in left.keys { left[target]?.remove(free) }
        }
        #expect(left.isEmpty)
    }

    @Test(arguments: ["Foundation", "FoundationEssentials", "Dispatch"])
    func thePathOfAQueryDoesWithout(module: String) {
        let path = [
            "DNSWire", "AnswerCache", "Routing", "Forwarding", "Metrics", "EventLoop", "TLS", "Transport",
        ]
        for source in SwiftSource.all where path.contains(String(source.target)) {
            #expect(!source.imports.contains(Substring(module)), "\(source.path)")
        }
    }

    @Test func onlyThreadsRunAtTheSameTime() {
        for source in SwiftSource.all {
            for (number, line) in source.code.enumerated() {
                let found = line.firstMatch(of: /\b(async|await|actor|Task|DispatchQueue)\b/)
                #expect(found == nil, "\(source.place(number))")
            }
        }
    }

    /// The text between the parentheses of the declaration that begins with a target's name.
    private static func declaration(of target: String, in manifest: String) -> Substring? {
        let starts = manifest.ranges(of: "\"\(target)\"").map(\.lowerBound)
        for start in starts {
            let before = manifest[..<start].filter { !$0.isWhitespace }
            guard
                ["module(", ".target(name:", ".systemLibrary(name:", ".executableTarget(name:"]
                    .contains(where: before.hasSuffix)
            else { continue }
            var depth = 1
            let end = manifest[start...].firstIndex { character in
                depth += character == "(" ? 1 : character == ")" ? -1 : 0
                return depth == 0
            }
            return end.map { manifest[start..<$0] }
        }
        return nil
    }
}
