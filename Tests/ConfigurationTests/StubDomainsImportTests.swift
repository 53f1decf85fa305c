import PresentationFormat
import Routing
import Testing

@testable import Configuration

/// What becomes of kube-dns' ConfigMap.
@Suite struct StubDomainsImportTests {
    private func imported(_ text: String) throws -> Imported { try Imported(text, .stubdomains) }

    @Test func aConfigMapBecomesItsClusters() throws {
        let imported = try Imported(fixture: "kube-dns.yaml", .stubdomains)
        #expect(
            imported.configuration.servers.compactMap { $0.upstream?.description }
                == ["192.0.2.53:53", "192.0.2.54:5353"]
        )
        #expect(imported.configuration.clusters.map(\.name) == ["east", "corp"])
        #expect(imported.cluster("east.k8s.corp.example")?.serverTexts == ["10.1.0.10:53", "10.1.0.11:5353"])
        #expect(imported.cluster("corp.example")?.reverseTexts == ["192.168.0.0/16"])
        #expect(imported.lines == [12, 12, 16])
    }

    @Test(arguments: [
        "data: {stubDomains: '{\"a.example\": [\"10.0.0.1\"]}'}",
        "{\"data\": {\"stubDomains\": \"{\\\"a.example\\\": [\\\"10.0.0.1\\\"]}\"}}",
        "data:\n  stubDomains: |-\n    {\"a.example\":\n      [\"10.0.0.1\"]}\n",
        "data:\n  stubDomains: {a.example: [10.0.0.1]}\n",
    ]) func theJSONMayBeWrittenInAllWaysOfYAML(text: String) throws {
        let imported = try imported(text)
        #expect(imported.cluster("a.example")?.serverTexts == ["10.0.0.1:53"])
        #expect(imported.notes == [])
    }

    @Test(arguments: [
        "", "[]", "x", "data:", "data: []", "data: {stubDomains: '['}", "data: {stubDomains: '[]'}",
        "data: {stubDomains: 'x'}", "data: {stubDomains: ''}", "data: {upstreamNameservers: '{}'}",
        "data: {upstreamNameservers: '[[]]'}", "data: {upstreamNameservers: '[\"x\"]'}", "a: &a [*a]",
        "\u{0}",
        "data: {stubDomains: '{\"a\": 1}'}", "data: {stubDomains: '{\".\": [\"10.0.0.1\"]}'}",
        "data: {stubDomains: '{\"a..b\": [\"10.0.0.1\"]}'}", "data: {stubDomains: '{\"a.b\": []}'}",
        "data: {x: 1}", "---\na: 1\n---\nb: 2\n",
        "data: {stubDomains: '{\"a.b\": [\"10.0.0.1\", \"10.0.0.1:0\"]}'}",
        "\u{2028}\u{2028}data:\u{2028}  stubDomains: |\u{2028}    [\u{2028}",
        "data:\r  stubDomains: |\r   [\r",
    ]) func whatIsNoConfigMapIsNamed(text: String) throws {
        #expect(!(try imported(text).notes.isEmpty))
    }

    @Test func deepNestingIsNamed() throws {
        let depth = 5000
        let deep = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        #expect(!(try imported("data: {stubDomains: '\(deep)'}").notes.isEmpty))
        #expect(!(try imported(deep).notes.isEmpty))
    }
}
