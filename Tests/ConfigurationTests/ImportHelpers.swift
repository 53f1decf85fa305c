import Foundation
import PresentationFormat
import Routing
import Testing

@testable import Configuration

/// What became of a text, and the configuration that it stands for.
struct Imported {
    let text: String
    let configuration: ServerConfiguration
    /// As in `12: sentence`.
    let notes: [String]

    /// Imports a text; that the result is valid is expected of all of them.
    init(_ text: String, _ format: ImportFormat, file: String = "input") throws {
        let result = ConfigurationImporter.read(text, file: file, as: format)
        self.text = result.text
        configuration = try ConfigurationLoader.parse(result.text, file: "output") {
            _ throws(UnreadableFile) in
            "nameserver 192.0.2.1\n-----BEGIN CERTIFICATE-----\n"
        }
        notes = result.notes.map { "\($0.line): \($0.message)" }
        #expect(result.notes.allSatisfy { $0.file == file && $0.line >= 1 && !$0.message.contains("\n") })
        #expect(result.text.utf8.count <= ConfigurationLimits.fileBytes)
    }

    /// Imports a file of the fixtures.
    init(fixture name: String, _ format: ImportFormat) throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/import/\(name)")
        try self.init(String(contentsOf: url, encoding: .utf8), format)
    }

    func cluster(_ zone: String) -> ClusterDefinition? {
        configuration.clusters.first { $0.zone.presentation == zone }
    }

    /// The lines that have a note, in order.
    var lines: [Int] { notes.compactMap { Int($0.prefix { $0 != ":" }) } }
}

extension ClusterDefinition {
    /// As text, in order.
    var serverTexts: [String] { servers.compactMap { $0.upstream?.description } }
    var reverseTexts: [String] { reverse.map(\.text) }
}
