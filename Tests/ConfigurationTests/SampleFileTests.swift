import Foundation
import Testing

@testable import Configuration

/// The folder `config/` of the project says what the code does.
@Suite struct SampleFileTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("config")

    private static func text(_ file: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
    }

    @Test func everySampleIsAccepted() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        let samples = files.filter { $0.hasSuffix(".yaml") }
        #expect(Set(samples).isSuperset(of: ["minimal.yaml", "production.yaml", "kubernetes.yaml"]))
        for sample in samples {
            let text = try Self.text(sample)
            #expect(problems(text) == [], "\(sample)")
            #expect(try !configuration(text).clusters.isEmpty)
        }
    }

    @Test func theProductionSampleHasEveryKey() throws {
        let text = try Self.text("production.yaml")
        for key in Section.allCases.flatMap(\.keys) {
            #expect(text.contains("\(key):"), "\(key)")
        }
    }

    @Test func theReadmeNamesEveryFile() throws {
        let readme = try Self.text("README.md")
        for file in ["minimal.yaml", "production.yaml", "kubernetes.yaml", "switchyard.schema.json"] {
            #expect(readme.contains("`\(file)`"))
        }
    }

    // MARK: - Schema

    private static func schema() throws -> [String: Any] {
        let data = try Data(contentsOf: folder.appendingPathComponent("switchyard.schema.json"))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private static func mapping(_ node: [String: Any], _ path: [String]) throws -> [String: Any] {
        try path.reduce(node) { node, key in try #require(node[key] as? [String: Any], "\(path)") }
    }

    /// Where the schema has the mapping of each section.
    private static func path(_ section: Section) -> [String] {
        switch section {
        case .root: []
        case .access: ["properties", "access"]
        case .upstream: ["properties", "upstream"]
        case .cluster: ["properties", "clusters", "items"]
        case .cache: ["properties", "cache"]
        case .log: ["properties", "log"]
        }
    }

    @Test func theSchemaHasExactlyTheKeysOfTheLoader() throws {
        let schema = try Self.schema()
        for section in Section.allCases {
            let node = try Self.mapping(schema, Self.path(section))
            #expect(Set(try Self.mapping(node, ["properties"]).keys) == Set(section.keys), "\(section)")
            #expect(node["additionalProperties"] as? Bool == false, "\(section)")
        }
    }

    @Test func theSchemaHasNoOtherMappingWithKeys() throws {
        var count = 0
        func walk(_ node: Any) {
            if let mapping = node as? [String: Any] {
                if mapping["additionalProperties"] != nil { count += 1 }
                mapping.values.forEach(walk)
            } else if let list = node as? [Any] {
                list.forEach(walk)
            }
        }
        walk(try Self.schema())
        #expect(count == Section.allCases.count)
    }

    @Test func theSchemaHasTheDefaultsAndLimitsOfTheLoader() throws {
        let schema = try Self.schema()
        let workers = try Self.mapping(schema, ["properties", "workers"])
        #expect(workers["minimum"] as? Int == ConfigurationLimits.workers.lowerBound)
        #expect(workers["maximum"] as? Int == ConfigurationLimits.workers.upperBound)
        let cache = try Self.mapping(schema, ["properties", "cache", "properties"])
        let texts = try cache.mapValues { try #require(($0 as? [String: Any])?["default"] as? String) }
        let written = texts.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        #expect(try configuration("cache: {\(written)}").cache == CacheConfiguration())
        let log = try Self.mapping(schema, ["properties", "log", "properties"])
        #expect(
            (log["level"] as? [String: Any])?["enum"] as? [String]
                == LogConfiguration.Level.allCases.map(\.rawValue)
        )
        #expect(
            (log["format"] as? [String: Any])?["enum"] as? [String]
                == LogConfiguration.Format.allCases.map(\.rawValue)
        )
        let clusters = try Self.mapping(schema, ["properties", "clusters"])
        #expect(clusters["maxItems"] as? Int == ConfigurationLimits.clusters)
    }
}
