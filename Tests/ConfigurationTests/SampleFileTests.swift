import Foundation
import Routing
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
        case .included: ["definitions", "includedFile"]
        case .server: ["definitions", "weightedServer"]
        case .probe: ["definitions", "probe"]
        case .limits: ["definitions", "limits"]
        case .tls: ["definitions", "tls"]
        case .cache: ["properties", "cache"]
        case .admin: ["properties", "admin"]
        case .log: ["properties", "log"]
        case .queryLog: ["properties", "queryLog"]
        }
    }

    @Test func theSchemaHasExactlyTheKeysOfTheLoader() throws {
        let schema = try Self.schema()
        for section in Section.allCases {
            var node = try Self.mapping(schema, Self.path(section))
            // A probe is also `off`.
            if let forms = node["anyOf"] as? [[String: Any]] { node = try #require(forms.last) }
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
        #expect(try configuration("cache: {\(try Self.defaults(cache))}").cache == CacheConfiguration())
        let admin = try Self.mapping(schema, ["properties", "admin", "properties"])
        var written = try configuration("admin: {\(try Self.defaults(admin))}").admin
        #expect(written.isListenWritten)
        written.isListenWritten = false
        #expect(written == AdminConfiguration())
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

    /// The defaults of a mapping of the schema, as YAML.
    private static func defaults(_ properties: [String: Any]) throws -> String {
        try properties.compactMap { key, node in
            guard let value = try #require(node as? [String: Any])["default"] else { return nil }
            // JSON has one kind of number, in which true is 1.
            return "\(key): \(key == "prefetch" ? "\(value as? Bool == true)" : "\(value)")"
        }.joined(separator: ", ")
    }

    @Test func theSchemaHasTheDefaultsAndLimitsOfRoutes() throws {
        let definitions = try Self.mapping(try Self.schema(), ["definitions"])
        let policies = try Self.mapping(definitions, ["policy"])["enum"] as? [String]
        #expect(policies == RouteSettings.Policy.allCases.map(\.rawValue))
        let limits = try Self.mapping(definitions, ["limits", "properties"])
        let forms = try #require(try Self.mapping(definitions, ["probe"])["anyOf"] as? [[String: Any]])
        let probe = try Self.mapping(try #require(forms.last), ["properties"])
        let text = try "upstream: {limits: {\(Self.defaults(limits))}, probe: {\(Self.defaults(probe))}}"
        #expect(try configuration(text).settings == RouteSettings())
        #expect(try Self.range(limits, "pending") == ConfigurationLimits.pendingQueries)
        #expect(try Self.range(limits, "connections") == ConfigurationLimits.connectionsPerServer)
        #expect(try Self.range(limits, "retries") == ConfigurationLimits.retryPercent)
        #expect(try Self.range(probe, "fall") == ConfigurationLimits.probeCount)
        #expect(try Self.range(probe, "rise") == ConfigurationLimits.probeCount)
        let server = try Self.mapping(definitions, ["weightedServer", "properties"])
        #expect(try Self.range(server, "weight") == ConfigurationLimits.weight)
        let access = try Self.mapping(try Self.schema(), ["properties", "access", "properties"])
        #expect(try Self.range(access, "waitingPerClient") == ConfigurationLimits.waitingPerClient)
    }

    private static func range(_ properties: [String: Any], _ key: String) throws -> ClosedRange<Int> {
        let node = try mapping(properties, [key])
        return try #require(node["minimum"] as? Int)...#require(node["maximum"] as? Int)
    }

    /// The schema's form of a server takes what the loader takes.
    @Test(arguments: [
        "10.0.0.53", "10.0.0.54:5353", "tcp://10.0.0.55", "tls://10.0.0.56#dns.corp", "dns.corp.example",
        "dns.corp.example:5353", "tcp://dns.corp.example", "tls://dns.corp.example:8853", "2001:db8::1",
        "[2001:db8::1]:53", "tls://[2001:db8::1]:853#dns", "tls://2001:db8::1#dns.corp", "DNS.Corp.Example.",
    ]) func theSchemaKnowsAllFormsOfServers(text: String) throws {
        let server = try Self.mapping(try Self.schema(), ["definitions", "server"])
        let pattern = try NSRegularExpression(pattern: try #require(server["pattern"] as? String))
        let range = NSRange(text.startIndex..., in: text)
        #expect(pattern.firstMatch(in: text, range: range) != nil)
        #expect(problems("upstream: {servers: [192.0.2.1, \"\(text)\"]}") == [])
    }
}
